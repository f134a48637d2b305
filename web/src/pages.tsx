// All pages, and where they are. Those behind the sign-in are loaded when somebody goes there.
import { lazy } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { NotFound } from './pages/not-found.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { RequireSession } from './session.tsx';
import { Shell } from './shell.tsx';

const Credentials = lazy(() => import('./pages/credentials.tsx'));

export function Pages() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignIn />} />
      <Route element={<RequireSession />}>
        <Route element={<Shell />}>
          <Route index element={<Navigate replace to="/credentials" />} />
          <Route path="/credentials/*" element={<Credentials of="own" />} />
          <Route path="/admin/secrets/*" element={<Credentials of="system" />} />
        </Route>
      </Route>
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
