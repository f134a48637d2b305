// The pages of credentials, and those of the vault's own secrets: the same pages over another root of the API.
import { Route, Routes } from 'react-router';
import { vaultAt, VaultProvider } from '../credentials/api.ts';
import { CredentialDetail } from './credential-detail.tsx';
import { CredentialEdit } from './credential-edit.tsx';
import { CredentialList } from './credential-list.tsx';
import { CredentialNew } from './credential-new.tsx';
import { NotFound } from './not-found.tsx';
import '../styles/credentials.css';

const VAULTS = { own: vaultAt('/api/credentials'), system: vaultAt('/api/admin/secrets') };

export default function Credentials({ of }: { of: keyof typeof VAULTS }) {
  return (
    <VaultProvider value={VAULTS[of]}>
      <Routes>
        <Route index element={<CredentialList />} />
        <Route path="new" element={<CredentialNew />} />
        <Route path=":id" element={<CredentialDetail />} />
        <Route path=":id/edit" element={<CredentialEdit />} />
        <Route path="*" element={<NotFound />} />
      </Routes>
    </VaultProvider>
  );
}
