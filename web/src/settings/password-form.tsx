// Setting one's own password. What was typed leaves the page as soon as it is sent, right or wrong.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Failure, Notice } from '../components/feedback.tsx';
import { SecretField } from '../components/fields.tsx';
import { NewPasswordFields } from '../components/new-password.tsx';
import { Section } from '../components/page.tsx';
import { useSubmit } from '../components/submit.ts';
import { useMe } from '../session.tsx';

const NOTHING = { current: '', chosen: '', again: '' };

export function PasswordForm() {
  const me = useMe();
  const [typed, setTyped] = useState(NOTHING);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => {
      const body = { current_password: typed.current || null, new_password: typed.chosen };
      return ask(api.PUT('/api/me/password', { body }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['sessions'] }),
    onSettled: () => setTyped(NOTHING),
    // Else they would stay in memory for minutes.
    gcTime: 0,
  });
  const submit = useSubmit(change);
  return (
    <Section title="Password" lead="All your other sessions end when you set it. Your API tokens live on.">
      <Form className="card stack" onSubmit={submit}>
        {/* For password managers, which keep a password by whose it is. */}
        <input type="hidden" name="username" autoComplete="username" value={me.email ?? ''} readOnly />
        {change.isSuccess && <Notice tone="success" title="Your password is set" />}
        {change.error && <Failure error={change.error} />}
        <SecretField
          label="Current password"
          hint="Leave it empty if you have none yet, or forgot it and came in with single sign-on within the last five minutes."
          autoComplete="current-password"
          value={typed.current}
          onChange={(current) => setTyped({ ...typed, current })}
        />
        <NewPasswordFields value={typed} onChange={(chosen) => setTyped({ ...typed, ...chosen })} />
        <div>
          <Button type="submit" variant="primary" isPending={change.isPending}>
            Set password
          </Button>
        </div>
      </Form>
    </Section>
  );
}
