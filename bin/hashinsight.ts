#!/usr/bin/env node
import { App } from 'aws-cdk-lib';
import { AdvisorStack } from '../lib/advisor/advisor-stack.ts';
import { AlertingStack } from '../lib/alerting/alerting-stack.ts';
import { AuditStack } from '../lib/audit/audit-stack.ts';
import { ConsoleStack } from '../lib/console/console-stack.ts';
import { ControlStack } from '../lib/control/control-stack.ts';
import { FleetStack } from '../lib/fleet/fleet-stack.ts';
import { IdentityStack } from '../lib/identity/identity-stack.ts';
import { PlatformStack } from '../lib/platform/platform-stack.ts';
import { bundleLambdas } from '../lib/shared/bundle.ts';
import { checkWithNag } from '../lib/shared/nag.ts';
import { TelemetryStack } from '../lib/telemetry/telemetry-stack.ts';
import { WebhooksStack } from '../lib/webhooks/webhooks-stack.ts';

await bundleLambdas();
const app = new App();
const platform = new PlatformStack(app, 'HashInsightPlatform');
const { apiAccess } = new IdentityStack(app, 'HashInsightIdentity', { platform });
const audit = new AuditStack(app, 'HashInsightAudit', { platform, apiAccess });
const fleet = new FleetStack(app, 'HashInsightFleet', { platform, apiAccess, audit });
const control = new ControlStack(app, 'HashInsightControl', { platform, apiAccess, audit, fleet });
const telemetry = new TelemetryStack(app, 'HashInsightTelemetry', { platform, apiAccess, audit, fleet });
new AlertingStack(app, 'HashInsightAlerting', { platform, apiAccess, audit, fleet });
new AdvisorStack(app, 'HashInsightAdvisor', { platform, apiAccess, audit, fleet, telemetry, control });
new WebhooksStack(app, 'HashInsightWebhooks', { platform, apiAccess, audit, fleet });
new ConsoleStack(app, 'HashInsightConsole', { platform });
checkWithNag(app);
app.synth();
