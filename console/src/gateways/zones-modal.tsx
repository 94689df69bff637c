import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Gateway, gatewayView } from '../../../contracts/api-gateways.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { ZoneField, zoneBindingOf } from './zone-field.tsx';

type ZonesModalProps = {
  readonly gateway: Gateway;
  readonly onClose: () => void;
  readonly onSaved: () => void;
};

/** The form of the zones that a gateway may serve. */
export const ZonesModal = ({ gateway, onClose, onSaved }: ZonesModalProps) => {
  const { gateways: texts } = useMessages();
  const { site_id, gateway_id, zone_ids } = gateway;
  const [zones, setZones] = useState<readonly string[]>(zone_ids === 'all' ? [] : zone_ids);
  const saving = useMutation({
    mutationFn: () =>
      call('PUT', `/api/v1/sites/${site_id}/gateways/${gateway_id}/zones`, gatewayView, {
        zone_ids: zoneBindingOf(zones),
      }),
    onSuccess: onSaved,
  });
  return (
    <FormModal
      title={`${texts.rebind}: ${gateway_id}`}
      sending={saving}
      onSend={() => saving.mutate()}
      onClose={onClose}
    >
      <ZoneField siteId={site_id} chosen={zones} onChange={setZones} />
    </FormModal>
  );
};
