// What surrounds every page of whoever is signed in: where he is, where he can go, and the way out.
import { useMutation } from '@tanstack/react-query';
import { Bot, Boxes, KeyRound, LogOut, Menu, MonitorSmartphone, ScrollText, Settings, ShieldCheck, SlidersHorizontal, UserPlus, X } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, Suspense, useRef, useState } from 'react';
import { NavLink, Outlet, useLocation } from 'react-router';
import { Brand } from './components/brand.tsx';
import { Button } from './components/button.tsx';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { Failure, Loading } from './components/feedback.tsx';
import { Page } from './components/page.tsx';
import { ClipboardStatus } from './credentials/clipboard-status.tsx';
import { useMe, useSignOut } from './session.tsx';

export function Shell() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const menuButton = useRef<HTMLButtonElement>(null);
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    setOpen(false);
    menuButton.current?.focus();
  };
  const label = open ? 'Close the menu' : 'Open the menu';
  return (
    <div className="shell">
      <a href="#content" className="button primary skip">
        Skip to the content
      </a>
      <header className={open ? 'sidebar open' : 'sidebar'} onKeyDown={closeOnEscape}>
        <div className="sidebar-top">
          <Brand />
          <span className="menu-button">
            <Button ref={menuButton} variant="quiet" aria-label={label} aria-expanded={open} onPress={() => setOpen(!open)}>
              {open ? <X aria-hidden size={20} /> : <Menu aria-hidden size={20} />}
            </Button>
          </span>
        </div>
        <Navigation onNavigate={() => setOpen(false)} />
        <Account />
      </header>
      <main id="content" tabIndex={-1}>
        {/* One for each path: what failed there does not follow to the next. */}
        <ErrorBoundary key={pathname} frame={(notice) => <Page title="Not loaded">{notice}</Page>}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      <div className="toasts">
        <ClipboardStatus />
      </div>
    </div>
  );
}

function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const me = useMe();
  const link = (to: string, icon: ReactNode, text: string) => (
    <NavLink to={to} className="nav-link" onClick={onNavigate}>
      {icon}
      {text}
    </NavLink>
  );
  return (
    <nav aria-label="Main">
      {link('/credentials', <KeyRound aria-hidden size={18} />, 'Credentials')}
      {link('/workspaces', <Boxes aria-hidden size={18} />, 'Workspaces')}
      {link('/tokens', <Bot aria-hidden size={18} />, 'API tokens')}
      {link('/audit', <ScrollText aria-hidden size={18} />, 'Audit record')}
      {link('/sessions', <MonitorSmartphone aria-hidden size={18} />, 'Sessions')}
      {link('/settings', <Settings aria-hidden size={18} />, 'Settings')}
      {me.is_admin && (
        <>
          <h2>Administration</h2>
          {link('/admin/secrets', <ShieldCheck aria-hidden size={18} />, 'Admin secrets')}
          {link('/admin/audit', <ScrollText aria-hidden size={18} />, 'Admin audit')}
          {link('/admin/invitations', <UserPlus aria-hidden size={18} />, 'Invitations')}
          {link('/admin/settings', <SlidersHorizontal aria-hidden size={18} />, 'Retention')}
        </>
      )}
    </nav>
  );
}

function Account() {
  const me = useMe();
  const signOut = useMutation({ mutationFn: useSignOut() });
  return (
    <div className="stack tight">
      {signOut.error && <Failure error={signOut.error} />}
      <div className="account">
        <span>
          <strong>{me.display_name}</strong>
          <span className="hint block">{me.email}</span>
        </span>
        <Button variant="quiet" aria-label="Sign out" isPending={signOut.isPending} onPress={() => signOut.mutate()}>
          <LogOut aria-hidden size={18} />
        </Button>
      </div>
    </div>
  );
}
