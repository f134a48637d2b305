// Asking people in, for vault administrators. Whoever invites never sees the token or the password of whoever comes.
import { useMutation } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { Checkbox, TextField } from '../components/fields.tsx';
import { DialogForm } from '../components/form-dialog.tsx';
import { Page } from '../components/page.tsx';
import { ShownOnce } from '../components/shown-once.tsx';
import { Time } from '../components/time.tsx';

export function AdminInvitations() {
  const [isNew, setNew] = useState(false);
  return (
    <Page title="Invitations" lead="People come in by an invitation, which works once.">
      <EmptyState icon={<UserPlus size={28} />} title="Ask somebody in">
        <p>
          You get an invitation to hand over yourself: nothing is sent by e-mail. Open ones are not listed here, and end after
          seven days. Who was invited, and who came, is in the admin audit.
        </p>
        <Button variant="primary" onPress={() => setNew(true)}>
          New invitation
        </Button>
      </EmptyState>
      {isNew && <NewInvitation onClose={() => setNew(false)} />}
    </Page>
  );
}

function NewInvitation({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [isAdmin, setAdmin] = useState(false);
  const invite = useMutation({
    mutationFn: () => ask(api.POST('/api/admin/invitations', { body: { email: email.trim(), is_admin: isAdmin } })),
    // Else it would stay in memory for minutes.
    gcTime: 0,
  });
  const issued = invite.data;
  return (
    <Dialog title={issued ? `Invitation for ${issued.email}` : 'New invitation'} onClose={onClose} isKept={Boolean(issued)}>
      {issued ? (
        <ShownOnce name="Invitation" secret={issued.invitation} onClose={onClose}>
          <p>
            Hand it to {issued.email} by a way that only they read. They open <strong>{location.origin}/invitation</strong> and
            paste it there. It ends <Time value={issued.expires_at} />.
          </p>
        </ShownOnce>
      ) : (
        <DialogForm act="Create invitation" mutation={invite} onClose={onClose}>
          <TextField
            label="E-mail"
            hint="What they will sign in with. Where there is single sign-on, whoever has this address there comes in without the invitation."
            type="email"
            isRequired
            maxLength={254}
            autoComplete="off"
            value={email}
            onChange={setEmail}
          />
          <Checkbox
            isSelected={isAdmin}
            onChange={setAdmin}
            hint="Admin secrets, invitations and settings. Nothing of anybody's own: that stays closed to administrators."
          >
            Make them a vault administrator
          </Checkbox>
        </DialogForm>
      )}
    </Dialog>
  );
}
