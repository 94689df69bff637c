import Button from '@cloudscape-design/components/button';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import type { Resolution } from '../../../contracts/api-telemetry-series.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { moved, presets, type Span, zoomed } from './range.ts';
import { siteTime } from './site-time.ts';
import type { RangeState } from './use-range.ts';

type RangeBarProps = RangeState & {
  readonly span: Span;
  readonly timeZone: string;
  readonly resolution: Resolution | undefined;
};

/** Which stretch of time is shown and how finely; presets, and buttons for what dragging and keys do. */
export const RangeBar = ({ range, span, timeZone, resolution, ...on }: RangeBarProps) => {
  const { telemetry: texts } = useMessages();
  const clock = siteTime(useLanguage(), timeZone);
  return (
    <div className="range-bar">
      <SegmentedControl
        label={texts.rangeLabel}
        selectedId={'preset' in range ? range.preset : null}
        options={presets.map((id) => ({ id, text: texts.presets[id] }))}
        onChange={({ detail }) => on.onPreset(presets.find((one) => one === detail.selectedId) ?? '24h')}
      />
      <span className="steps">
        <Button
          iconName="angle-left"
          variant="icon"
          ariaLabel={texts.earlier}
          onClick={() => on.onSpan(moved(span, -0.5, Date.now()))}
        />
        <Button
          iconName="zoom-out"
          variant="icon"
          ariaLabel={texts.wider}
          onClick={() => on.onSpan(zoomed(span, 2, Date.now()))}
        />
        <Button
          iconName="zoom-in"
          variant="icon"
          ariaLabel={texts.closer}
          onClick={() => on.onSpan(zoomed(span, 0.5, Date.now()))}
        />
        <Button
          iconName="angle-right"
          variant="icon"
          ariaLabel={texts.later}
          onClick={() => on.onSpan(moved(span, 0.5, Date.now()))}
        />
        {!('preset' in range) && (
          <Button iconName="zoom-to-fit" variant="inline-link" onClick={on.onReset}>
            {texts.reset}
          </Button>
        )}
      </span>
      <span className="where" role="status">
        <b>{clock.between(span.fromMs, span.toMs)}</b> {clock.zoneNow(span.toMs)}
        {resolution && <span className="resolution">{texts.resolution[resolution]}</span>}
      </span>
    </div>
  );
};
