import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import {
  type AlertAnswer,
  alertsAnswer,
  type IncidentAnswer,
  incidentsAnswer,
} from '../../../contracts/api-alerting.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { SeverityBadge, StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { RouteLink } from '../parts/route-link.tsx';
import { DiagnosisModal, type Patient } from './diagnosis-modal.tsx';

const filters = ['open', 'resolved', 'all'] as const;
type Filter = (typeof filters)[number];

/** Alerts and incidents of the site, each with a button that asks for its diagnosis. */
export const AlertsPage = () => {
  const { alerts: texts } = useMessages();
  const { site_id: siteId } = useSite();
  usePageTitle(texts.page);
  const [filter, setFilter] = useState<Filter>('open');
  const [patient, setPatient] = useState<Patient>();
  const status = filter === 'all' ? '' : `&status=${filter}`;
  const alerts = useGet(`/api/v1/alerts?site_id=${siteId}${status}&limit=500`, alertsAnswer, refreshMs.fast);
  const incidents = useGet(
    `/api/v1/incidents?site_id=${siteId}${status}&limit=100`,
    incidentsAnswer,
    refreshMs.fast,
  );
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SegmentedControl
            label={texts.show}
            selectedId={filter}
            options={filters.map((id) => ({ id, text: texts[id] }))}
            onChange={({ detail }) => setFilter(filters.find((id) => id === detail.selectedId) ?? 'open')}
          />
        }
      >
        {texts.page}
      </Header>
      <Fetched query={incidents}>
        {(answer) => <Incidents incidents={answer.incidents} onDiagnose={setPatient} />}
      </Fetched>
      <Fetched query={alerts}>
        {(answer) => <Alerts alerts={answer.alerts} onDiagnose={setPatient} />}
      </Fetched>
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
      textOf={(one) =>
        `${messages.alertKind[one.kind]} ${one.severity} ${one.zone_id} ${one.miner_ids.join(' ')}`
      }
      pageSize={10}
      sortBy={{ field: 'opened', descending: true }}
      columns={[
        { id: 'opened', header: texts.opened, cell: (one) => time(one.opened_at), sortingField: 'opened_at' },
        {
          id: 'severity',
          header: common.severity,
          cell: (one) => <SeverityBadge severity={one.severity} />,
          sortingField: 'severity',
        },
        {
          id: 'kind',
          header: common.kind,
          cell: (one) => messages.alertKind[one.kind],
          sortingField: 'kind',
        },
        { id: 'zone', header: common.zone, cell: (one) => one.zone_id, sortingField: 'zone_id' },
        { id: 'miners', header: texts.miners, cell: (one) => one.miner_ids.length },
        {
          id: 'status',
          header: common.status,
          minWidth: 110,
          cell: (one) => <StatusWord status={one.status} />,
          sortingField: 'status',
        },
        {
          id: 'diagnose',
          header: texts.diagnosis,
          minWidth: 130,
          cell: (one) => {
            const minerId = one.miner_ids[0];
            return (
              minerId && (
                <Button
                  ariaLabel={`${texts.diagnose}: ${messages.alertKind[one.kind]} ${one.zone_id}`}
                  wrapText={false}
                  onClick={() => onDiagnose({ minerId, kind: one.kind })}
                >
                  {texts.diagnose}
                </Button>
              )
            );
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
      textOf={(one) =>
        `${one.miner_id} ${messages.alertKind[one.kind]} ${one.severity} ${one.zone_id} ${one.reason[language]}`
      }
      sortBy={{ field: 'opened', descending: true }}
      columns={[
        { id: 'opened', header: texts.opened, cell: (one) => time(one.opened_at), sortingField: 'opened_at' },
        {
          id: 'severity',
          header: common.severity,
          cell: (one) => <SeverityBadge severity={one.severity} />,
          sortingField: 'severity',
        },
        {
          id: 'kind',
          header: common.kind,
          cell: (one) => messages.alertKind[one.kind],
          sortingField: 'kind',
        },
        {
          id: 'miner',
          header: common.miner,
          minWidth: 110,
          cell: (one) => <RouteLink href={`/miners/${one.miner_id}`}>{one.miner_id}</RouteLink>,
          sortingField: 'miner_id',
        },
        { id: 'reason', header: texts.reason, minWidth: 220, cell: (one) => one.reason[language] },
        { id: 'times', header: texts.times, cell: (one) => one.count, sortingField: 'count' },
        {
          id: 'status',
          header: common.status,
          minWidth: 110,
          cell: (one) => <StatusWord status={one.status} />,
          sortingField: 'status',
        },
        {
          id: 'diagnose',
          header: texts.diagnosis,
          minWidth: 130,
          cell: (one) => (
            <Button
              ariaLabel={`${texts.diagnose}: ${messages.alertKind[one.kind]} ${one.miner_id}`}
              wrapText={false}
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
