import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { claimAnswer } from '../../../contracts/api-gateways.ts';
import { gatewayId } from '../../../contracts/identifiers.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { ZoneField, zoneBindingOf } from './zone-field.tsx';

type ClaimModalProps = {
  readonly siteId: number;
  readonly onClose: () => void;
  /** The claim's code, to be shown once. */
  readonly onMade: (code: string) => void;
};

/** The form of a new claim, by which one gateway may register once. */
export const ClaimModal = ({ siteId, onClose, onMade }: ClaimModalProps) => {
  const { gateways: texts, people } = useMessages();
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [zones, setZones] = useState<readonly string[]>([]);
  const [hours, setHours] = useState('72');
  const [wasSent, setSent] = useState(false);
  const isId = gatewayId.safeParse(id.trim()).success;
  const isHours = /^\d{1,3}$/.test(hours) && Number(hours) >= 1 && Number(hours) <= 720;
  const making = useMutation({
    mutationFn: () =>
      call('POST', `/api/v1/sites/${siteId}/gateway-claims`, claimAnswer, {
        gateway_id: id.trim(),
        name: name.trim(),
        zone_ids: zoneBindingOf(zones),
        valid_for_hours: Number(hours),
      }),
    onSuccess: ({ secret }) => onMade(secret.code),
  });
  const send = () => {
    setSent(true);
    if (isId && name.trim() && isHours) making.mutate();
  };
  return (
    <FormModal title={texts.claims.add} sending={making} onSend={send} onClose={onClose}>
      <FormField label={texts.id} errorText={wasSent && !isId ? texts.claims.wrongId : ''}>
        <Input value={id} onChange={({ detail }) => setId(detail.value)} />
      </FormField>
      <FormField label={texts.name} errorText={wasSent && !name.trim() ? people.missing : ''}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <ZoneField siteId={siteId} chosen={zones} onChange={setZones} />
      <FormField label={texts.claims.hours} errorText={isHours ? '' : texts.claims.wrongHours}>
        <Input type="number" value={hours} onChange={({ detail }) => setHours(detail.value)} />
      </FormField>
    </FormModal>
  );
};
