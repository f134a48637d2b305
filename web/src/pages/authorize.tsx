// Letting a command line on this computer act as whoever is signed in: `strongroom login` leads here, and waits on loopback.
// The token goes to that port of this computer and nowhere else, sealed for that command; it is never shown nor kept.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { Link, Navigate, Outlet, useLocation, useNavigate, useSearchParams } from 'react-router';
import { api, ask, type Schemas } from '../api.ts';
import { type AuthorizationRequest, canSeal, handOver, pathOf, readRequest, sealFor } from '../authorization.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure, Notice } from '../components/feedback.tsx';
import { Narrow } from '../components/narrow.tsx';
import { useSubmit } from '../components/submit.ts';
import { confirmMe, useMe } from '../session.tsx';
import { ALL_ACTIONS } from '../tokens/actions.ts';
import { Actions, EMPTY_DRAFT, FullReach, NameAndExpiry, newToken } from '../tokens/token-fields.tsx';

/** Before anybody signs in: what is asked for moves into the query, which survives that. */
export function AuthorizeRequest() {
  const { hash, search } = useLocation();
  const request = readRequest(new URLSearchParams(hash ? hash.slice(1) : search));
  if (!request) return <NoRequest />;
  return hash ? <Navigate replace to={pathOf(request)} /> : <Outlet />;
}

function NoRequest() {
  return (
    <Narrow title="This link is not whole">
      <Notice tone="danger">
        <p>
          It should name the port, the state and the key of a command line that waits. Nothing has happened. Run{' '}
          <code>strongroom login</code> again, and open the address that it prints.
        </p>
      </Notice>
      <ButtonLink to="/">To your credentials</ButtonLink>
    </Narrow>
  );
}

export function Authorize() {
  const [search] = useSearchParams();
  const request = readRequest(search);
  const { state } = useLocation();
  const me = useMe();
  if (!request) return <NoRequest />;
  if (!canSeal) return <NoCipher />;
  if (state === HANDED_OVER) return <HandedOver name={me.display_name} />;
  return (
    <Narrow
      title="Let a command line in?"
      lead={
        <>
          A command line on this computer wants to act as you, <strong>{me.display_name}</strong> ({me.email}).
        </>
      }
    >
      <Notice tone="warning" title="Did you begin this yourself, just now?">
        <p>
          Go on only if you ran <code>strongroom login</code> in a terminal of yours. If a message or another page led you here,
          decline.
        </p>
      </Notice>
      <AllowForm request={request} me={me} />
    </Narrow>
  );
}

function NoCipher() {
  return (
    <Narrow title="This page cannot seal a token">
      <Notice tone="danger">
        <p>
          It came without HTTPS from another machine, and no token goes to a command line in clear. Nothing has happened. Give{' '}
          <code>strongroom login</code> an address that begins with https, or make a token yourself and use{' '}
          <code>strongroom login --with-token</code>.
        </p>
      </Notice>
      <ButtonLink to="/tokens">To your API tokens</ButtonLink>
    </Narrow>
  );
}

/** With the address, in the history: whoever comes back to it, or loads it again, does not make a second token. */
const HANDED_OVER = 'handed over';

function HandedOver({ name }: { name: string }) {
  return (
    <Narrow title="Handed over" lead={`A token of ${name} was made for the command line.`}>
      <p>
        Go back to your terminal. If it does not go on there, revoke the token under <Link to="/tokens">API tokens</Link>, and run{' '}
        <code>strongroom login</code> again.
      </p>
    </Narrow>
  );
}

function AllowForm({ request, me }: { request: AuthorizationRequest; me: Schemas['User'] }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState({ ...EMPTY_DRAFT, name: request.name || 'Command line', days: '30', actions: ALL_ACTIONS });
  const allow = useMutation({
    // The token is no result: nothing here keeps it.
    mutationFn: async () => {
      const seal = await sealFor(request);
      await confirmMe(me);
      const { token } = await ask(api.POST('/api/tokens', { body: newToken(draft) }));
      const sealed = await seal(token);
      await navigate(pathOf(request), { replace: true, state: HANDED_OVER });
      handOver(request, { sealed });
    },
  });
  const submit = useSubmit(allow);
  return (
    <Form className="stack" onSubmit={submit}>
      <NameAndExpiry draft={draft} onChange={setDraft} />
      <Actions draft={draft} onChange={setDraft} />
      <FullReach draft={draft} />
      {allow.error && <Failure error={allow.error} />}
      <p className="hint">
        A token named <strong>{draft.name}</strong> will be under API tokens, where you can revoke it.
      </p>
      <div className="row">
        <Button type="submit" variant="primary" isPending={allow.isPending}>
          Allow
        </Button>
        <Button isDisabled={allow.isPending} onPress={() => handOver(request, { error: 'declined' })}>
          Decline
        </Button>
      </div>
    </Form>
  );
}
