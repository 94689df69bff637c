import Badge, { type BadgeProps } from '@cloudscape-design/components/badge';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Severity } from '../../../contracts/alert.ts';
import type { RiskTier } from '../../../contracts/command.ts';
import { useMessages } from '../i18n/language.ts';

type Colour = NonNullable<BadgeProps['color']>;
const riskColours: Record<RiskTier, Colour> = {
  low: 'severity-low',
  medium: 'severity-medium',
  high: 'severity-high',
  critical: 'severity-critical',
};
export const RiskBadge = ({ level }: { level: RiskTier }) => (
  <Badge color={riskColours[level]}>{useMessages().risk[level]}</Badge>
);

const severityColours: Record<Severity, Colour> = {
  P0: 'severity-critical',
  P1: 'severity-high',
  P2: 'severity-medium',
  P3: 'severity-low',
};
export const SeverityBadge = ({ severity }: { severity: Severity }) => (
  <Badge color={severityColours[severity]}>{severity}</Badge>
);

const indicators: Record<string, StatusIndicatorProps.Type> = {
  pending: 'pending',
  awaiting_approval: 'pending',
  approved: 'in-progress',
  executing: 'in-progress',
  running: 'in-progress',
  completed: 'success',
  effective: 'success',
  resolved: 'success',
  hashing: 'success',
  failed: 'error',
  no_effect: 'error',
  fault: 'error',
  unreachable: 'error',
  open: 'warning',
  manual_review: 'warning',
  booting: 'in-progress',
  pending_approval: 'pending',
  dispatched: 'in-progress',
  acknowledged: 'in-progress',
  unknown: 'warning',
  denied: 'error',
  finished: 'success',
};

/** The words of every status and state of the API, by their lower-case names. */
export const useStatusWords = (): ((status: string) => string) => {
  const messages = useMessages();
  const words: Record<string, string> = { ...messages.state, ...messages.status };
  return (status) => words[status.toLowerCase()] ?? status;
};

/** A status of the API with its sign, in the reader's language. */
export const StatusWord = ({ status }: { status: string }) => {
  const wordOf = useStatusWords();
  return (
    <StatusIndicator type={indicators[status.toLowerCase()] ?? 'stopped'} wrapText={false}>
      {wordOf(status)}
    </StatusIndicator>
  );
};
