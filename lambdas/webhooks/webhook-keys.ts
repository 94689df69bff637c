import type { AuditStore } from '../audit/commit-with-audit.ts';

export type WebhookStore = AuditStore & { readonly webhooksTable: string };
export type WebhookReader = Pick<WebhookStore, 'db' | 'webhooksTable'>;

/** Keys of the webhooks table: endpoints by their site, deliveries by their endpoint in order of the events' times. */
export const webhookKeys = {
  endpoint: (siteId: number, webhookId: string) => ({ pk: `SITE#${siteId}`, sk: `ENDPOINT#${webhookId}` }),
  /** How many endpoints a site has. */
  count: (siteId: number) => ({ pk: `SITE#${siteId}`, sk: 'COUNT' }),
  delivery: (webhookId: string, deliveryId: string) => ({
    pk: `ENDPOINT#${webhookId}`,
    sk: `DELIVERY#${deliveryId}`,
  }),
  replay: (webhookId: string, replayId: string) => ({
    pk: `ENDPOINT#${webhookId}`,
    sk: `REPLAY#${replayId}`,
  }),
  due: (atMs: number, deliveryId: string) => `${String(atMs).padStart(13, '0')}#${deliveryId}`,
};

/** Index of deliveries that wait for an attempt, by its time: partition `due_pk`, sort `due_sk`. */
export const deliveriesByDue = 'by-due';
export const waiting = 'WAITING';
export const deliveryIdOf = (createdAt: string, eventId: string) =>
  `${String(Date.parse(createdAt)).padStart(13, '0')}-${eventId}`;
