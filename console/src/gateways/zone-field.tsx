import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import { zonesAnswer } from '../../../contracts/api-fleet.ts';
import { useGet } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';

type ZoneFieldProps = {
  readonly siteId: number;
  readonly chosen: readonly string[];
  readonly onChange: (zoneIds: string[]) => void;
};

/** The zones that a gateway may serve; none chosen means all (`zoneBindingOf`). */
export const ZoneField = ({ siteId, chosen, onChange }: ZoneFieldProps) => {
  const { gateways: texts } = useMessages();
  const zones = useGet(`/api/v1/sites/${siteId}/zones`, zonesAnswer).data?.zones ?? [];
  const options = zones.map(({ zone_id, name }) => ({ value: zone_id, label: name }));
  return (
    <FormField label={texts.zones} description={texts.zonesHelp}>
      <Multiselect
        options={options}
        placeholder={texts.allZones}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) =>
          onChange(detail.selectedOptions.flatMap(({ value }) => (value === undefined ? [] : [value])))
        }
      />
    </FormField>
  );
};

export const zoneBindingOf = (chosen: readonly string[]) => (chosen.length > 0 ? chosen : 'all');
