import { useFormat } from './format.ts';

type Vote = {
  readonly user_id: number;
  readonly name: string;
  readonly at: string;
  readonly reason?: string | null | undefined;
};

/** Who has approved, when, and why. */
export const VoteList = ({ votes }: { readonly votes: readonly Vote[] }) => {
  const { time } = useFormat();
  if (votes.length === 0) return null;
  return (
    <ul className="lines">
      {votes.map((vote) => (
        <li key={vote.user_id}>
          {vote.name}, {time(vote.at)} {vote.reason && `· ${vote.reason}`}
        </li>
      ))}
    </ul>
  );
};
