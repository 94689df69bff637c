import Button from '@cloudscape-design/components/button';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { type AlertAnswer, alertsAnswer, type IncidentAnswer, incidentsAnswer } from '../../../contracts/api-alerting.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { SeverityBadge, StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { DiagnosisModal, type Patient } from './diagnosis-modal.tsx';

type Filter = 'open' | 'resolved' | 'all';

/** Alerts and incidents of the site, each with a button that asks for its diagnosis. */
export const AlertsPage = () => {
  const { alerts: texts } = useMessages();
  const { site_id: siteId } = useSite();
  const [filter, setFilter] = useState<Filter>('open');
  const [patient, setPatient] = useState<Patient>();
  const status = filter === 'all' ? '' : `&status=${filter}`;
  const alerts = useGet(`/api/v1/alerts?site_id=${siteId}${status}&limit=500`, alertsAnswer, refreshMs.fast);
  const incidents = useGet(`/api/v1/incidents?site_id=${siteId}${status}&limit=100`, incidentsAnswer, refreshMs.fast);
  return (
    <SpaceBetween size="l">
      <SegmentedControl
        label={texts.title}
        selectedId={filter}
        options={(['open', 'resolved', 'all'] as const).map((id) => ({ id, text: texts[id] }))}
        onChange={({ detail }) => setFilter(detail.selectedId === 'all' || detail.selectedId === 'resolved' ? detail.selectedId : 'open')}
      />
      <Fetched query={incidents}>{(answer) => <Incidents incidents={answer.incidents} onDiagnose={setPatient} />}</Fetched>
      <Fetched query={alerts}>{(answer) => <Alerts alerts={answer.alerts} onDiagnose={setPatient} />}</Fetched>
      {patient && <DiagnosisModal siteId={siteId} patient={patient} onClose={() => setPatient(undefined)} />}
    </SpaceBetween>
  );
};

type ListProps<T> = T & { readonly onDiagnose: (patient: Patient) => void };

const Incidents = ({ incidents, onDiagnose }: ListProps<{ incidents: readonly IncidentAnswer[] }>) => {
  const messages = useMessages();
  const { alerts: texts, common } = messages;
  const { time } = useFormat();
  return (
    <ListTable
      title={texts.incidents}
      items={incidents}
      idOf={(one) => one.incident_id}
      pageSize={10}
      sortBy={{ field: 'opened', descending: true }}
      columns={[
        { id: 'opened', header: texts.opened, cell: (one) => time(one.opened_at), sortingField: 'opened_at' },
        { id: 'severity', header: common.severity, cell: (one) => <SeverityBadge severity={one.severity} />, sortingField: 'severity' },
        { id: 'kind', header: common.kind, cell: (one) => messages.alertKind[one.kind], sortingField: 'kind' },
        { id: 'zone', header: common.zone, cell: (one) => one.zone_id, sortingField: 'zone_id' },
        { id: 'miners', header: texts.miners, cell: (one) => one.miner_ids.length },
        { id: 'status', header: common.status, cell: (one) => <StatusWord status={one.status} />, sortingField: 'status' },
        {
          id: 'diagnose',
          header: texts.diagnosis,
          cell: (one) => {
            const minerId = one.miner_ids[0];
            return minerId && <Button onClick={() => onDiagnose({ minerId, kind: one.kind })}>{texts.diagnose}</Button>;
          },
        },
      ]}
    />
  );
};

const Alerts = ({ alerts, onDiagnose }: ListProps<{ alerts: readonly AlertAnswer[] }>) => {
  const messages = useMessages();
  const { alerts: texts, common } = messages;
  const language = useLanguage();
  const { time } = useFormat();
  return (
    <ListTable
      title={texts.title}
      items={alerts}
      idOf={(one) => one.alert_id}
      sortBy={{ field: 'opened', descending: true }}
      columns={[
        { id: 'opened', header: texts.opened, cell: (one) => time(one.opened_at), sortingField: 'opened_at' },
        { id: 'severity', header: common.severity, cell: (one) => <SeverityBadge severity={one.severity} />, sortingField: 'severity' },
        { id: 'kind', header: common.kind, cell: (one) => messages.alertKind[one.kind], sortingField: 'kind' },
        { id: 'miner', header: common.miner, cell: (one) => one.miner_id, sortingField: 'miner_id' },
        { id: 'zone', header: common.zone, cell: (one) => one.zone_id, sortingField: 'zone_id' },
        { id: 'reason', header: texts.reason, cell: (one) => one.reason[language] },
        { id: 'times', header: texts.times, cell: (one) => one.count, sortingField: 'count' },
        { id: 'status', header: common.status, cell: (one) => <StatusWord status={one.status} />, sortingField: 'status' },
        {
          id: 'diagnose',
          header: texts.diagnosis,
          cell: (one) => (
            <Button
              ariaLabel={`${texts.diagnose} ${one.miner_id}`}
              onClick={() => onDiagnose({ minerId: one.miner_id, kind: one.kind, alertId: one.alert_id })}
            >
              {texts.diagnose}
            </Button>
          ),
        },
      ]}
    />
  );
};
