export const csrTopic = '$aws/certificates/create-from-csr/json';
export const provisionTopic = /^\$aws\/provisioning-templates\/([0-9A-Za-z_-]{1,36})\/provision\/json$/;

/** Whether this is a call of fleet provisioning: the service itself takes it, and nobody else hears it. */
export const isProvisioningCall = (topic: string) => topic === csrTopic || provisionTopic.test(topic);

/** Whether this is where the answer to such a call comes. */
export const isProvisioningAnswer = (topic: string) =>
  /\/(accepted|rejected)$/.test(topic) && isProvisioningCall(topic.replace(/\/(accepted|rejected)$/, ''));
