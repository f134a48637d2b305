// All pages, and where they are.
import { type ComponentType, lazy, Suspense } from 'react';
import { Navigate, Outlet, Route, Routes } from 'react-router';
import { Loading } from './components/feedback.tsx';
import { Invitation } from './pages/invitation.tsx';
import { NotFound } from './pages/not-found.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { RequireSession, useMe } from './session.tsx';
import { Shell } from './shell.tsx';

/** A page that is loaded when somebody goes there. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const Credentials = lazy(() => import('./pages/credentials.tsx'));
const AdminInvitations = page(() => import('./pages/admin-invitations.tsx'), 'AdminInvitations');
const AdminSettings = page(() => import('./pages/admin-settings.tsx'), 'AdminSettings');
const AdminAudit = page(() => import('./pages/audit.tsx'), 'AdminAudit');
const Audit = page(() => import('./pages/audit.tsx'), 'Audit');
const Authorize = page(() => import('./pages/authorize.tsx'), 'Authorize');
const AuthorizeRequest = page(() => import('./pages/authorize.tsx'), 'AuthorizeRequest');
const ServiceAccount = page(() => import('./pages/service-account.tsx'), 'ServiceAccount');
const Sessions = page(() => import('./pages/sessions.tsx'), 'Sessions');
const Settings = page(() => import('./pages/settings.tsx'), 'Settings');
const Tokens = page(() => import('./pages/tokens.tsx'), 'Tokens');
const Workspace = page(() => import('./pages/workspace.tsx'), 'Workspace');
const Workspaces = page(() => import('./pages/workspaces.tsx'), 'Workspaces');

export function Pages() {
  return (
    <Suspense fallback={<Loading />}>
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
    </Suspense>
  );
}

/** The pages inside are for instance administrators. For others they are not there. */
function RequireAdmin() {
  return useMe().is_admin ? <Outlet /> : <NotFound />;
}
