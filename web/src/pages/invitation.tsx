// Coming in by an invitation, which is pasted here and in no URL. The API token that it is traded for is of no use in a
// browser: it asks once who one is, and then ends.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { Link, useNavigate } from 'react-router';
import { api, ask, Refusal, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Failure } from '../components/feedback.tsx';
import { Checkbox, SecretField, TextField } from '../components/fields.tsx';
import { Narrow } from '../components/narrow.tsx';
import { NewPasswordFields } from '../components/new-password.tsx';
import { useSubmit } from '../components/submit.ts';
import { useRefreshMe } from '../session.tsx';

export function Invitation() {
  return (
    <Narrow title="Welcome" lead="Somebody asked you in, and gave you an invitation. It is good once.">
      <AcceptForm />
      <p className="hint">
        You have been here before? <Link to="/sign-in">Sign in</Link>
      </p>
    </Narrow>
  );
}

const NOTHING = { chosen: '', again: '' };

function AcceptForm() {
  const [invitation, setInvitation] = useState('');
  const [name, setName] = useState('');
  const [isFirst, setFirst] = useState(false);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState(NOTHING);
  const navigate = useNavigate();
  const refreshMe = useRefreshMe();
  const comeIn = useMutation({
    mutationFn: () => {
      const said = { display_name: name.trim(), email: isFirst ? email.trim() : null, password: password.chosen };
      return acceptAndSignIn(invitation.trim(), said);
    },
    onSuccess: async () => {
      await refreshMe();
      await navigate('/', { replace: true });
    },
    onSettled: () => setPassword(NOTHING),
    // Else they would stay in memory for minutes.
    gcTime: 0,
  });
  const submit = useSubmit(comeIn);
  return (
    <Form className="stack" onSubmit={submit}>
      {comeIn.error && <Failure error={comeIn.error} />}
      <SecretField
        label="Invitation"
        hint="It begins with sri_."
        isRequired
        validate={(text) => (/^sri_[\w-]{43}$/.test(text.trim()) ? null : 'This is no invitation. Copy all of it, from sri_ on.')}
        value={invitation}
        onChange={setInvitation}
      />
      <TextField
        label="Your name"
        hint="As others here will see it."
        autoComplete="name"
        isRequired
        maxLength={255}
        value={name}
        onChange={setName}
      />
      <Checkbox isSelected={isFirst} onChange={setFirst} hint="The token came from strongroom setup-token.">
        I set this vault up
      </Checkbox>
      {isFirst && (
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          isRequired
          maxLength={254}
          value={email}
          onChange={setEmail}
        />
      )}
      <NewPasswordFields value={password} onChange={setPassword} />
      <Button type="submit" variant="primary" isPending={comeIn.isPending}>
        Come in
      </Button>
    </Form>
  );
}

type Said = Schemas['AcceptInvitation'] & { password: string };

async function acceptAndSignIn(invitation: string, said: Said): Promise<void> {
  const { token } = await accept(invitation, said);
  try {
    await signIn(token, said.password);
  } catch {
    throw new Error('You are in, and could not be signed in just now. Sign in with your e-mail address and your password.');
  }
}

async function accept(invitation: string, body: Said): Promise<Schemas['Welcome']> {
  try {
    return await ask(api.POST('/api/invitations/accept', { ...as(invitation), body }));
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 401)) throw error;
    throw new Error('This invitation is unknown, was used already, or has expired. Ask for a new one.');
  }
}

async function signIn(token: string, password: string): Promise<void> {
  const { email } = await ask(api.GET('/api/me', as(token)));
  await ask(api.POST('/api/auth/sign-out', as(token)));
  await ask(api.POST('/api/auth/sign-in', { body: { email: email ?? '', password, transport: 'COOKIE' } }));
}

/** With that token alone: the server takes no request that has a session's cookie as well. */
function as(token: string) {
  return { headers: { authorization: `Bearer ${token}` }, credentials: 'omit' as const };
}
