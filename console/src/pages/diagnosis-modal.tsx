import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Modal from '@cloudscape-design/components/modal';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import type { AlertKind } from '../../../contracts/alert.ts';
import { diagnosisAnswer } from '../../../contracts/api-advisor.ts';
import { call } from '../api/client.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';

/** Whom to diagnose, and for what. */
export type Patient = { readonly minerId: string; readonly kind: AlertKind; readonly alertId?: string };
type ModalProps = { readonly siteId: number; readonly patient: Patient; readonly onClose: () => void };

/** Three ranked hypotheses with the readings behind them, or that the system cannot tell. */
export const DiagnosisModal = ({ siteId, patient, onClose }: ModalProps) => {
  const messages = useMessages();
  const { alerts: texts, common } = messages;
  const language = useLanguage();
  const query = useQuery({
    queryKey: ['diagnosis', siteId, patient.minerId, patient.kind, language],
    queryFn: () =>
      call('POST', '/api/v1/ai/diagnose/alert', diagnosisAnswer, {
        site_id: siteId,
        miner_id: patient.minerId,
        alert_type: patient.kind,
        ...(patient.alertId && { alert_id: patient.alertId }),
      }),
    staleTime: 0,
  });
  return (
    <Modal
      visible
      size="large"
      header={`${texts.diagnosis}: ${patient.minerId} · ${messages.alertKind[patient.kind]}`}
      closeAriaLabel={common.close}
      onDismiss={onClose}
    >
      <Fetched query={query} wait={texts.thinking}>
        {({ diagnosis }) => (
          <SpaceBetween size="l">
            <Box variant="p">{diagnosis.summary}</Box>
            {!diagnosis.can_tell && <Alert type="warning">{texts.cannotTell}</Alert>}
            {diagnosis.hypotheses.map((one) => (
              <div key={one.rank} data-testid="hypothesis">
                <ProgressBar
                  value={Math.round(one.confidence * 100)}
                  label={`${one.rank}. ${one.cause}`}
                  description={texts.confidence}
                />
                <ul>
                  {one.evidence.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
                <Box variant="p">
                  {texts.suggested}: {messages.action[one.suggested_action.type]}.{' '}
                  {one.suggested_action.description}
                </Box>
              </div>
            ))}
          </SpaceBetween>
        )}
      </Fetched>
    </Modal>
  );
};
