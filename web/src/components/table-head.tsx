// The head of a table, whose headings are those of columns, for whoever listens to a cell.
// On a narrow screen it is only heard: cells bring their own headings there (data-label).

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
