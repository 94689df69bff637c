import Box from '@cloudscape-design/components/box';

/** A few sentences under a small heading. */
export const Lines = ({ title, lines }: { title: string; lines: readonly string[] }) => (
  <div>
    <Box variant="awsui-key-label">{title}</Box>
    <ul className="lines">
      {[...new Set(lines)].map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  </div>
);
