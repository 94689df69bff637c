import { Navigate, Route, Routes } from 'react-router';
import { BatchesPage } from '../batches/batches-page.tsx';
import { GatewaysPage } from '../gateways/gateways-page.tsx';
import { AlertsPage } from '../pages/alerts-page.tsx';
import { AuditPage } from '../pages/audit-page.tsx';
import { CommandsPage } from '../pages/commands-page.tsx';
import { LoopsPage } from '../pages/loops-page.tsx';
import { MinerPage } from '../pages/miner-page.tsx';
import { OverviewPage } from '../pages/overview-page.tsx';
import { RecommendationsPage } from '../pages/recommendations-page.tsx';
import { RulesPage } from '../pages/rules-page.tsx';
import { AccountPage } from '../people/account-page.tsx';
import { UsersPage } from '../people/users-page.tsx';
import { SafetyPage } from '../safety/safety-page.tsx';
import { TelemetryPage } from '../telemetry/telemetry-page.tsx';
import { WebhooksPage } from '../webhooks/webhooks-page.tsx';

/** Which page an address shows. */
export const Pages = () => (
  <Routes>
    <Route path="/" element={<OverviewPage />} />
    <Route path="/telemetry" element={<TelemetryPage />} />
    <Route path="/telemetry/:tab" element={<TelemetryPage />} />
    <Route path="/miners/:minerId" element={<MinerPage />} />
    <Route path="/alerts" element={<AlertsPage />} />
    <Route path="/recommendations" element={<RecommendationsPage />} />
    <Route path="/recommendations/:recommendationId" element={<RecommendationsPage />} />
    <Route path="/loops" element={<LoopsPage />} />
    <Route path="/loops/:loopId" element={<LoopsPage />} />
    <Route path="/commands" element={<CommandsPage />} />
    <Route path="/batches" element={<BatchesPage />} />
    <Route path="/batches/:batchId" element={<BatchesPage />} />
    <Route path="/safety" element={<SafetyPage />} />
    <Route path="/gateways" element={<GatewaysPage />} />
    <Route path="/rules" element={<RulesPage />} />
    <Route path="/audit" element={<AuditPage />} />
    <Route path="/webhooks" element={<WebhooksPage />} />
    <Route path="*" element={<Navigate to="/" replace />} />
  </Routes>
);

/** The pages that belong to no site. */
export const PersonalPages = () => (
  <Routes>
    <Route path="/users" element={<UsersPage />} />
    <Route path="/account" element={<AccountPage />} />
    <Route path="*" element={<Navigate to="/account" replace />} />
  </Routes>
);
