import type { Alert, Incident } from './alert.ts';
import { type AlertingStore, readAlertRecord, readIncidentRecord } from './alert-repository.ts';

/** An alert of a site, or undefined. The caller has established that the site is the asker's. */
export const readAlert =
  (store: AlertingStore) =>
  (siteId: number, alertId: string): Promise<Alert | undefined> =>
    readAlertRecord(store)(siteId, alertId);

/** An incident of a site with its miners and alerts, or undefined. */
export const readIncident =
  (store: AlertingStore) =>
  (siteId: number, incidentId: string): Promise<Incident | undefined> =>
    readIncidentRecord(store)(siteId, incidentId);
