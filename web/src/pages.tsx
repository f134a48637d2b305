// All pages, and where they are.
import { lazy } from 'react';
import { Navigate, Outlet, Route, Routes } from 'react-router';
import { AdminInvitations } from './pages/admin-invitations.tsx';
import { AdminSettings } from './pages/admin-settings.tsx';
import { AdminAudit, Audit } from './pages/audit.tsx';
import { Authorize, AuthorizeRequest } from './pages/authorize.tsx';
import { Invitation } from './pages/invitation.tsx';
import { NotFound } from './pages/not-found.tsx';
import { ServiceAccount } from './pages/service-account.tsx';
import { Sessions } from './pages/sessions.tsx';
import { Settings } from './pages/settings.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Tokens } from './pages/tokens.tsx';
import { Workspace } from './pages/workspace.tsx';
import { Workspaces } from './pages/workspaces.tsx';
import { RequireSession, useMe } from './session.tsx';
import { Shell } from './shell.tsx';

// The largest part, loaded when somebody goes there.
const Credentials = lazy(() => import('./pages/credentials.tsx'));

export function Pages() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignIn />} />
      <Route path="/invitation" element={<Invitation />} />
      <Route path="/authorize" element={<AuthorizeRequest />}>
        <Route element={<RequireSession />}>
          <Route index element={<Authorize />} />
        </Route>
      </Route>
      <Route element={<RequireSession />}>
        <Route element={<Shell />}>
          <Route index element={<Navigate replace to="/credentials" />} />
          <Route path="/credentials/*" element={<Credentials of="own" />} />
          <Route path="/workspaces" element={<Workspaces />} />
          <Route path="/workspaces/:id" element={<Workspace />} />
          <Route path="/workspaces/:id/service-accounts/:accountId" element={<ServiceAccount />} />
          <Route path="/tokens" element={<Tokens />} />
          <Route path="/audit" element={<Audit />} />
          <Route path="/sessions" element={<Sessions />} />
          <Route path="/settings" element={<Settings />} />
          <Route element={<RequireAdmin />}>
            <Route path="/admin/secrets/*" element={<Credentials of="system" />} />
            <Route path="/admin/audit" element={<AdminAudit />} />
            <Route path="/admin/invitations" element={<AdminInvitations />} />
            <Route path="/admin/settings" element={<AdminSettings />} />
          </Route>
          <Route path="*" element={<NotFound />} />
        </Route>
      </Route>
    </Routes>
  );
}

/** The pages inside are for instance administrators. For others they are not there. */
function RequireAdmin() {
  return useMe().is_admin ? <Outlet /> : <NotFound />;
}
