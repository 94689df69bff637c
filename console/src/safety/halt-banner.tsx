import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { RouteLink } from '../parts/route-link.tsx';
import { useHalts } from './use-halts.ts';

/** Says on every page of a site that a kill switch is set over it. */
export const HaltBanner = () => {
  const { safety: texts } = useMessages();
  const { site_id } = useSite();
  const set = (useHalts(site_id).data?.halts ?? []).filter(({ halted }) => halted);
  if (set.length === 0) return null;
  const scopes = [...new Set(set.map(({ scope }) => texts.stoppedBy[scope]))];
  return (
    <Box margin={{ bottom: 'm' }} data-testid="halted">
      <Alert type="warning" header={`${texts.stopped}: ${scopes.join(', ')}`}>
        <RouteLink href="/safety">{texts.toSwitches}</RouteLink>
      </Alert>
    </Box>
  );
};
