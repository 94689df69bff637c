import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import { weekdays } from '../../../contracts/api-control.ts';
import { useMessages } from '../i18n/language.ts';
import { emptyWindow, isStep, isTime, type StepDraft, type WindowDraft } from './policy-form.ts';

const withRow = <T,>(rows: readonly T[], at: number, part: Partial<T>): T[] =>
  rows.map((row, index) => (index === at ? { ...row, ...part } : row));
const withoutRow = <T,>(rows: readonly T[], at: number): T[] => rows.filter((_, index) => index !== at);

type StepRowsProps = {
  readonly steps: readonly StepDraft[];
  readonly onChange: (steps: readonly StepDraft[]) => void;
};

/** The approvals that the power affected adds. */
export const StepRows = ({ steps, onChange }: StepRowsProps) => {
  const texts = useMessages().safety.policies;
  const numberOf = (field: keyof StepDraft) => (step: StepDraft, at: number) => (
    <Input
      type="number"
      value={step[field]}
      invalid={!isStep(step)}
      onChange={({ detail }) => onChange(withRow(steps, at, { [field]: detail.value }))}
    />
  );
  return (
    <FormField label={texts.power} description={texts.powerHelp} stretch>
      <AttributeEditor
        items={steps}
        addButtonText={texts.addStep}
        removeButtonText={texts.remove}
        disableAddButton={steps.length >= 10}
        empty={null}
        onAddButtonClick={() => onChange([...steps, { aboveKw: '', votes: '1' }])}
        onRemoveButtonClick={({ detail }) => onChange(withoutRow(steps, detail.itemIndex))}
        definition={[
          { label: texts.aboveKw, control: numberOf('aboveKw') },
          { label: texts.more, control: numberOf('votes') },
        ]}
      />
    </FormField>
  );
};

type WindowRowsProps = {
  readonly windows: readonly WindowDraft[];
  readonly onChange: (windows: readonly WindowDraft[]) => void;
};

/** The times at which such orders may be approved and begun. */
export const WindowRows = ({ windows, onChange }: WindowRowsProps) => {
  const texts = useMessages().safety.policies;
  const options = weekdays.map((value) => ({ value, label: texts.day[value] }));
  const timeOf = (field: 'from' | 'to') => (window: WindowDraft, at: number) => (
    <Input
      value={window[field]}
      placeholder="06:30"
      invalid={!isTime(window[field])}
      onChange={({ detail }) => onChange(withRow(windows, at, { [field]: detail.value }))}
    />
  );
  return (
    <FormField label={texts.windows} description={texts.windowsHelp} stretch>
      <AttributeEditor
        items={windows}
        addButtonText={texts.addWindow}
        removeButtonText={texts.remove}
        disableAddButton={windows.length >= 20}
        empty={texts.anyTime}
        onAddButtonClick={() => onChange([...windows, emptyWindow])}
        onRemoveButtonClick={({ detail }) => onChange(withoutRow(windows, detail.itemIndex))}
        definition={[
          {
            label: texts.days,
            control: (window, at) => (
              <Multiselect
                options={options}
                selectedOptions={options.filter(({ value }) => window.days.includes(value))}
                onChange={({ detail }) =>
                  onChange(
                    withRow(windows, at, {
                      days: weekdays.filter((day) =>
                        detail.selectedOptions.some(({ value }) => value === day),
                      ),
                    }),
                  )
                }
              />
            ),
          },
          { label: texts.from, control: timeOf('from') },
          { label: texts.to, control: timeOf('to') },
        ]}
      />
    </FormField>
  );
};
