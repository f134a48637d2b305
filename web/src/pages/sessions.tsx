// Where one is signed in, and ending it there.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { MonitorSmartphone } from 'lucide-react';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { Badge } from '../components/feedback.tsx';
import { List, useList } from '../components/list.tsx';
import { Page } from '../components/page.tsx';
import { Time } from '../components/time.tsx';
import { browserInWords } from '../user-agent.ts';

type Session = Schemas['Session'];

const SESSIONS = ['sessions'];
const METHODS: Record<Schemas['SignInMethod'], string> = { PASSWORD: 'with a password', OIDC: 'with single sign-on' };

export function Sessions() {
  const [ending, setEnding] = useState<Session | 'others'>();
  const list = useList(SESSIONS, (cursor) => ask(api.GET('/api/sessions', { params: { query: { cursor } } })));
  const hasOthers = list.data?.pages.some((page) => page.items.some((session) => !session.current));
  const onClose = () => setEnding(undefined);
  return (
    <Page
      title="Sessions"
      lead="Where you are signed in now. If one of these is not you, end it and change your password."
      actions={hasOthers && <Button onPress={() => setEnding('others')}>End all others</Button>}
    >
      <List list={list} nouns={['session', 'sessions']} empty={null}>
        {(sessions) => (
          <ul className="cards">
            {sessions.map((session) => (
              <SessionCard key={session.id} session={session} onEnd={() => setEnding(session)} />
            ))}
          </ul>
        )}
      </List>
      {ending === 'others' && <EndOthers onClose={onClose} />}
      {ending && ending !== 'others' && <EndOne session={ending} onClose={onClose} />}
    </Page>
  );
}

function SessionCard({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const browser = browserInWords(session.user_agent);
  return (
    <li className="card">
      <div className="row spread">
        <div className="row">
          <MonitorSmartphone aria-hidden size={20} />
          <h2>{browser}</h2>
          {session.current && <Badge tone="success">This one</Badge>}
        </div>
        {!session.current && (
          <Button aria-label={`End the session of ${browser}`} onPress={onEnd}>
            End
          </Button>
        )}
      </div>
      <p className="muted">
        {session.address ?? 'Unknown address'} · signed in {METHODS[session.method]} <Time value={session.created_at} />
      </p>
      <p className="muted">
        {session.last_used_at ? (
          <>
            Last used <Time value={session.last_used_at} />
          </>
        ) : (
          'Not used yet'
        )}
        {' · '}ends <Time value={session.expires_at} /> at the latest
      </p>
    </li>
  );
}

function EndOne({ session, onClose }: { session: Session; onClose: () => void }) {
  const end = useEnding(() => ask(api.DELETE('/api/sessions/{id}', { params: { path: { id: session.id } } })), onClose);
  return (
    <ConfirmDialog title="End this session?" act="End session" danger mutation={end} onClose={onClose}>
      <p>
        {browserInWords(session.user_agent)}, {session.address ?? 'unknown address'}, is signed out at once.
      </p>
    </ConfirmDialog>
  );
}

function EndOthers({ onClose }: { onClose: () => void }) {
  const end = useEnding(() => ask(api.DELETE('/api/sessions')), onClose);
  return (
    <ConfirmDialog title="End all other sessions?" act="End all others" danger mutation={end} onClose={onClose}>
      <p>You stay signed in here, and nowhere else. API tokens live on: revoke those that you do not trust.</p>
    </ConfirmDialog>
  );
}

function useEnding(end: () => Promise<unknown>, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: end,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SESSIONS });
      onDone();
    },
  });
}
