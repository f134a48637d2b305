// The head of a table. Headings are columns' headings, for whoever listens to a cell.

type TableHeadProps = {
  columns: readonly string[];
  /** A last column of buttons, whose heading is only heard. */
  hasActions?: boolean;
};

export function TableHead({ columns, hasActions }: TableHeadProps) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {column}
          </th>
        ))}
        {hasActions && (
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}
