import { type Loop, type LoopStatus, loopSteps } from '../../../contracts/api-advisor.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { span } from '../parts/format.ts';

const unfinished: ReadonlySet<LoopStatus> = new Set(['running', 'awaiting_approval', 'executing']);

/** The ten steps of a loop: when each was reached, counted from the batch's arrival, and what was found. */
export const Timeline = ({ loop }: { loop: Loop }) => {
  const messages = useMessages();
  const language = useLanguage();
  const start = Date.parse(loop.batch_received_at);
  const reached = new Map(loop.steps.map((step) => [step.step, step]));
  const next = unfinished.has(loop.status) ? loopSteps.find((step) => !reached.has(step)) : undefined;
  return (
    <div className="loop">
      <ol className="timeline">
        {loopSteps.map((name) => {
          const step = reached.get(name);
          return (
            <li
              key={name}
              className={step ? 'done' : name === next ? 'next' : ''}
              data-step={name}
              {...(name === next && { 'aria-current': 'step' })}
            >
              <b>{messages.step[name]}</b>
              {step ? (
                <>
                  <span className="since">
                    {messages.loops.since(span(Math.max(0, Date.parse(step.at) - start)))}
                  </span>
                  <div>{step.note[language]}</div>
                </>
              ) : (
                name === next && messages.loops.waiting
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
};
