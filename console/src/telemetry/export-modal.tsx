import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Modal from '@cloudscape-design/components/modal';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import {
  type ExportFormat,
  type ExportTier,
  exportAnswer,
  exportFormats,
  exportTiers,
} from '../../../contracts/api-telemetry-export.ts';
import { call } from '../api/client.ts';
import { useLive } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';
import { type ExportRange, exportBody, rangesToExport, tierFor } from './export-choice.ts';
import { ExportList, exportsPath } from './export-list.tsx';
import { spanOf } from './range.ts';
import { useRange } from './use-range.ts';
import { useSiteClock } from './use-site-clock.ts';

type ExportModalProps = {
  /** One miner's export; without it all of the site or a part of it. */
  readonly minerId?: string;
  readonly onClose: () => void;
};

/** Asks for telemetry as a file, shows how the files come along, and hands them out. */
export const ExportModal = ({ minerId, onClose }: ExportModalProps) => {
  const { telemetry, common } = useMessages();
  const { export: texts } = telemetry;
  const problem = useProblem();
  const clock = useSiteClock();
  const queries = useQueryClient();
  const { site_id: siteId, time_zone: timeZone } = useSite();
  const { range: shown } = useRange();
  const [range, setRange] = useState<ExportRange>('shown');
  const span = useMemo(
    () => spanOf(range === 'shown' ? shown : { preset: range }, Math.floor(Date.now() / 1_000) * 1_000),
    [range, shown],
  );
  const [chosenTier, setTier] = useState<ExportTier>();
  const tier = chosenTier ?? tierFor(span);
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [scope, setScope] = useState('site');
  const live = useLive(siteId).data;
  const scopes = useMemo(() => {
    const distinct = (values: readonly (string | null)[] = []) =>
      [...new Set(values.filter((value) => value !== null))].toSorted((a, b) =>
        a.localeCompare(b, 'en', { numeric: true }),
      );
    const options = (part: 'zone' | 'model' | 'customer', values: readonly string[]) =>
      values.length === 0
        ? []
        : [
            {
              label: telemetry.groupings[part],
              options: values.map((value) => ({ value: `${part}:${value}`, label: value })),
            },
          ];
    return [
      { value: 'site', label: telemetry.site },
      ...options('zone', distinct(live?.columns.zone_id)),
      ...options('model', distinct(live?.columns.model)),
      ...options('customer', distinct(live?.columns.customer_id)),
    ];
  }, [live, telemetry]);
  const ranges = rangesToExport.map((id) => ({
    value: id,
    label: id === 'shown' ? texts.asShown : telemetry.presets[id],
  }));
  const order = useMutation({
    mutationFn: () =>
      call(
        'POST',
        '/api/v1/telemetry/exports',
        exportAnswer,
        exportBody({ siteId, span, tier, format, scope, minerId }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: [exportsPath(siteId)] }),
  });
  return (
    <Modal
      visible
      size="large"
      header={minerId ? `${texts.title}: ${minerId}` : texts.title}
      closeAriaLabel={common.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {common.close}
            </Button>
            <Button variant="primary" loading={order.isPending} onClick={() => order.mutate()}>
              {texts.start}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="l">
        <div className="export-form">
          <FormField
            label={telemetry.rangeLabel}
            description={`${clock.between(span.fromMs, span.toMs)} (${timeZone})`}
          >
            <Select
              selectedOption={ranges.find(({ value }) => value === range) ?? null}
              options={ranges}
              onChange={({ detail }) =>
                setRange(rangesToExport.find((id) => id === detail.selectedOption.value) ?? 'shown')
              }
              expandToViewport
            />
          </FormField>
          <FormField label={texts.tier} description={texts.tierHint[tier]}>
            <SegmentedControl
              label={texts.tier}
              selectedId={tier}
              options={exportTiers.map((id) => ({ id, text: texts.tiers[id] }))}
              onChange={({ detail }) => setTier(exportTiers.find((id) => id === detail.selectedId))}
            />
          </FormField>
          {!minerId && (
            <FormField label={texts.scope}>
              <Select
                selectedOption={
                  scopes
                    .flatMap((one) => ('options' in one ? one.options : [one]))
                    .find(({ value }) => value === scope) ?? null
                }
                options={scopes}
                onChange={({ detail }) => setScope(detail.selectedOption.value ?? 'site')}
                expandToViewport
              />
            </FormField>
          )}
          <FormField label={texts.format} {...(order.isError && { errorText: problem(order.error) })}>
            <SegmentedControl
              label={texts.format}
              selectedId={format}
              options={exportFormats.map((id) => ({ id, text: texts.formats[id] }))}
              onChange={({ detail }) =>
                setFormat(exportFormats.find((id) => id === detail.selectedId) ?? 'csv')
              }
            />
          </FormField>
        </div>
        <ExportList siteId={siteId} />
      </SpaceBetween>
    </Modal>
  );
};
