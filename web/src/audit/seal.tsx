// How far the record is sealed, as its own server says. A server cannot vouch for itself, so that the page hands out what
// somebody else verifies it with.
import { useQuery } from '@tanstack/react-query';
import { Download, ShieldCheck } from 'lucide-react';
import { api, ask } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Failure, Loading } from '../components/feedback.tsx';
import { ExactTime } from '../components/time.tsx';

const count = new Intl.NumberFormat('en');
/** More are not counted. */
const MOST_WAITING = 10_000;

export function Seal() {
  const { data, error, refetch } = useQuery({ queryKey: ['record-state'], queryFn: () => ask(api.GET('/api/admin/record')) });
  if (error) return <Failure error={error} retry={refetch} />;
  if (!data) return <Loading />;
  const waiting = `${count.format(data.waiting)}${data.waiting >= MOST_WAITING ? ' or more' : ''}`;
  return (
    <section className="card" aria-labelledby="seal">
      <h2 id="seal" className="row">
        <ShieldCheck aria-hidden size={20} />
        {data.sealed_at ? 'The record is sealed' : 'The record is not sealed yet'}
      </h2>
      <p>
        {data.sealed_at && (
          <>
            Sealed up to <ExactTime value={data.sealed_at} />, {count.format(data.size)} rows;{' '}
          </>
        )}
        {waiting} wait for the next checkpoint.
      </p>
      <p className="muted">
        A server cannot vouch for itself. Keep a checkpoint where the owner of this vault's database cannot reach it. Whoever
        audits runs <code>strongroom audit verify --checkpoint FILE</code> with it, and learns whether anything before it was
        changed, removed or rolled back.
      </p>
      {data.checkpoint && <CheckpointButton note={data.checkpoint} size={data.size} />}
    </section>
  );
}

function CheckpointButton({ note, size }: { note: string; size: number }) {
  const download = () => {
    const url = URL.createObjectURL(new Blob([note], { type: 'text/plain' }));
    Object.assign(document.createElement('a'), { href: url, download: `strongroom-checkpoint-${size}.txt` }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <div>
      <Button onPress={download}>
        <Download aria-hidden size={16} />
        Download the checkpoint
      </Button>
    </div>
  );
}
