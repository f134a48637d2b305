// Letting a command line on this computer act as whoever is signed in: `strongroom login` leads here, and waits on loopback.
// The token goes to that port of this computer and nowhere else; it is never shown, and this page does not keep it.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { Navigate, Outlet, useLocation, useSearchParams } from 'react-router';
import { api, ask } from '../api.ts';
import { type AuthorizationRequest, handOver, pathOf, readRequest } from '../authorization.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Failure, Notice } from '../components/feedback.tsx';
import { Narrow } from '../components/narrow.tsx';
import { useMe } from '../session.tsx';
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
          It should name the port and the state of a command line that waits. Nothing has happened. Run <code>strongroom login</code>{' '}
          again, and open the address that it prints.
        </p>
      </Notice>
      <ButtonLink to="/">To your credentials</ButtonLink>
    </Narrow>
  );
}

export function Authorize() {
  const [search] = useSearchParams();
  const request = readRequest(search);
  const me = useMe();
  if (!request) return <NoRequest />;
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
      <AllowForm request={request} />
    </Narrow>
  );
}

function AllowForm({ request }: { request: AuthorizationRequest }) {
  const [draft, setDraft] = useState({ ...EMPTY_DRAFT, name: request.name || 'Command line', days: '30', actions: ALL_ACTIONS });
  const allow = useMutation({
    // The token is no result: nothing here keeps it.
    mutationFn: async () => {
      const { token } = await ask(api.POST('/api/tokens', { body: newToken(draft) }));
      handOver(request, { token });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    allow.mutate();
  };
  return (
    <Form className="stack" onSubmit={submit}>
      <NameAndExpiry draft={draft} onChange={setDraft} />
      <Actions draft={draft} onChange={setDraft} />
      <FullReach draft={draft} />
      {allow.error && <Failure error={allow.error} />}
      {allow.isSuccess && (
        <Notice tone="success" title="Handed over">
          <p>Go back to your terminal. If it does not go on there, revoke the token on the page API tokens.</p>
        </Notice>
      )}
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
