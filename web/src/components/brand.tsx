// The name, with its sign.
import { Link } from 'react-router';

export function Brand() {
  return (
    <Link to="/" className="brand">
      <img src="/icon.svg" alt="" width={28} height={28} />
      Strongroom
    </Link>
  );
}
