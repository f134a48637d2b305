// Signing in, with a password or with the OpenID provider that the operator has named.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Failure } from '../components/feedback.tsx';
import { SecretField, TextField } from '../components/fields.tsx';
import { Narrow } from '../components/narrow.tsx';
import { useSubmit } from '../components/submit.ts';
import { nextPath, useRefreshMe } from '../session.tsx';
import { CameBack } from '../settings/came-back.tsx';

export function SignIn() {
  const [search] = useSearchParams();
  const next = nextPath(search);
  const { data: ways } = useQuery({ queryKey: ['sign-in-ways'], queryFn: () => ask(api.GET('/api/auth')) });
  return (
    <Narrow title="Sign in">
      <CameBack />
      <PasswordForm next={next} />
      {ways?.oidc && (
        <>
          <p className="or">or</p>
          <a className="button secondary" href={`/api/auth/oidc/start?return_to=${encodeURIComponent(next)}`}>
            Continue with {ways.oidc.name}
          </a>
        </>
      )}
      <div className="stack tight">
        <p>
          <Link to="/invitation">I have an invitation</Link>
        </p>
        <p className="hint">
          A forgotten password is set anew by whoever can sign in some other way. Nobody else can set it, administrators included.
        </p>
      </div>
    </Narrow>
  );
}

function PasswordForm({ next }: { next: string }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const navigate = useNavigate();
  const refreshMe = useRefreshMe();
  const signIn = useMutation({
    mutationFn: () => ask(api.POST('/api/auth/sign-in', { body: { email, password, transport: 'COOKIE' } })),
    onSuccess: async () => {
      await refreshMe();
      await navigate(next, { replace: true });
    },
    // Right or wrong, it does not stay in the page, nor in memory for minutes.
    gcTime: 0,
    onSettled: () => setPassword(''),
  });
  const submit = useSubmit(signIn);
  return (
    <Form className="stack" onSubmit={submit}>
      {signIn.error && <Failure error={signIn.error} />}
      <TextField label="E-mail" type="email" autoComplete="username" isRequired value={email} onChange={setEmail} />
      <SecretField label="Password" autoComplete="current-password" isRequired value={password} onChange={setPassword} />
      <Button type="submit" variant="primary" isPending={signIn.isPending}>
        Sign in
      </Button>
    </Form>
  );
}
