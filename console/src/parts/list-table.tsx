import { useCollection } from '@cloudscape-design/collection-hooks';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import type { ReactNode } from 'react';
import { useMessages } from '../i18n/language.ts';

type ListTableProps<T> = {
  readonly title: string;
  readonly description?: string;
  readonly items: readonly T[];
  readonly columns: readonly TableProps.ColumnDefinition<T>[];
  readonly idOf: (item: T) => string;
  /** What the filter looks into: the words as they are shown. */
  readonly textOf: (item: T) => string;
  readonly filterHint?: string;
  /** The list is the whole page, so its heading is the page's. */
  readonly isPage?: boolean;
  readonly empty?: string;
  readonly pageSize?: number;
  readonly actions?: ReactNode;
  readonly selected?: T | undefined;
  readonly onSelect?: (item: T) => void;
  readonly sortBy?: { readonly field: string; readonly descending: boolean };
};

/** A table as every list of the console is: filtered, sorted and paged in the browser, usable by keyboard. */
export const ListTable = <T,>({
  title,
  description,
  items,
  columns,
  idOf,
  textOf,
  filterHint,
  isPage = false,
  empty: emptyText,
  pageSize = 25,
  actions,
  selected,
  onSelect,
  sortBy,
}: ListTableProps<T>) => {
  const { common } = useMessages();
  const sortingColumn = columns.find(({ id }) => id === sortBy?.field);
  const nothing = (sentence: string) => (
    <Box textAlign="center" color="inherit" padding="m">
      {sentence}
    </Box>
  );
  const {
    items: shown,
    filterProps,
    filteredItemsCount,
    paginationProps,
    collectionProps,
  } = useCollection(items, {
    filtering: {
      empty: nothing(emptyText ?? common.empty),
      noMatch: nothing(common.noMatch),
      filteringFunction: (item, text) => textOf(item).toLowerCase().includes(text.trim().toLowerCase()),
    },
    pagination: { pageSize },
    sorting: sortingColumn
      ? { defaultState: { sortingColumn, isDescending: sortBy?.descending ?? false } }
      : {},
  });
  const select = (item: T) => (!selected || idOf(selected) !== idOf(item)) && onSelect?.(item);
  return (
    <Table
      {...collectionProps}
      items={shown}
      columnDefinitions={columns}
      trackBy={idOf}
      variant="container"
      stickyHeader
      wrapLines
      {...(onSelect && {
        selectionType: 'single' as const,
        selectedItems: selected ? [selected] : [],
        onSelectionChange: ({ detail }: { detail: { selectedItems: T[] } }) =>
          detail.selectedItems[0] && select(detail.selectedItems[0]),
        onRowClick: ({ detail }: { detail: { item: T } }) => select(detail.item),
      })}
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: common.selectRow,
        itemSelectionLabel: (_, item) => `${common.selectRow} ${textOf(item)}`,
      }}
      header={
        <Header
          variant={isPage ? 'h1' : 'h2'}
          counter={common.count(filteredItemsCount ?? items.length, items.length)}
          {...(description && { description })}
          actions={actions}
        >
          {title}
        </Header>
      }
      filter={
        <TextFilter
          {...filterProps}
          filteringPlaceholder={filterHint ?? common.filter}
          filteringAriaLabel={common.filter}
        />
      }
      pagination={paginationProps.pagesCount > 1 && <Pagination {...paginationProps} />}
    />
  );
};
