/** One number with its name, within a `dl`. */
interface FigureProps {
  readonly name: string;
  readonly value: string | number;
}
export const Figure = ({ name, value }: FigureProps) => (
  <div>
    <dt>{name}</dt>
    <dd>{typeof value === 'number' ? value.toLocaleString() : value}</dd>
  </div>
);
