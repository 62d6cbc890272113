/* page_style.c: how a page looks, on a screen and on paper. Nothing is told by colour alone. */
#include "sim/page.h"

const char *const weft__page_style[] = {
    ":root{--ink:#1a1d21;--soft:#5b6470;--faint:#c9ced6;--line:#e4e7eb;--blue:#1d4f91;--red:#b3261e;--green:#1f6b3a}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0 auto;max-width:1140px;padding:28px 30px 60px;background:#fff;color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
    "font-variant-numeric:tabular-nums}\n",
    "h1{font-size:26px;line-height:1.25;margin:0 0 4px}\n",
    "h2{font-size:19px;margin:44px 0 10px;padding-top:14px;border-top:2px solid var(--ink)}\n",
    "h3{font-size:15px;margin:22px 0 4px}\n",
    "p{margin:4px 0;max-width:78em}\n",
    "code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans "
    "Mono',monospace;font-size:13px}\n",
    "pre{background:#f6f7f9;border:1px solid var(--line);border-radius:4px;padding:10px 12px;overflow-x:auto;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n",
    ".mark{display:inline-block;border:2px solid;border-radius:4px;padding:0 8px;margin-right:10px;font-size:20px}\n",
    ".bad{color:var(--red)}.good{color:var(--green)}\n",
    "table{border-collapse:collapse;margin:6px 0}\n",
    "td,th{padding:2px 14px 2px 0;text-align:left;vertical-align:top;font-weight:normal}\n",
    "th{color:var(--soft);font-size:13px}\n",
    ".facts td:first-child,.rows .at{color:var(--soft);white-space:nowrap}\n",
    ".rows .at{text-align:right;min-width:84px}\n",
    ".grid td,.grid th{border-bottom:1px solid var(--line);padding:3px 12px 3px 0}\n",
    ".grid .num{text-align:right}.grid td{white-space:nowrap}.grid td.mono{white-space:normal}\n",
    ".grid tr.fail td{color:var(--red);font-weight:600}\n",
    ".cell-counts{font-weight:600}.cell-replaced,.cell-overruled,.cell-idle{color:var(--soft)}\n",
    ".cell-unseen{color:var(--red)}\n",
    ".value td,.value th{border-top:1px solid var(--ink);border-bottom:0}\n",
    "svg{display:block;max-width:100%;height:auto}\n",
    "svg text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:var(--ink)}\n",
    ".sheet{margin:0 0 10px;overflow:hidden}\n",
    ".sheet text{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n",
    "svg text.head{font-weight:600;font-size:13px}\n",
    "svg text.place,svg text.axis{fill:var(--soft)}\n",
    "svg text.time,svg text.axis{text-anchor:end;fill:var(--soft)}\n",
    ".lane{stroke:#9aa3ae;stroke-width:1.5}\n",
    ".down{fill:url(#hatch);stroke:#9aa3ae}\n",
    ".wall{fill:url(#brick);stroke:var(--ink);stroke-width:.6}\n",
    ".band{fill:#e9ecef;stroke:var(--soft);stroke-width:.8}\n",
    "line.note{stroke:#9aa3ae;stroke-dasharray:2 3}\n",
    "line.gap{stroke:var(--faint);stroke-dasharray:1 4}\n",
    "svg text.gap{text-anchor:end;fill:var(--soft);font-size:10px}\n",
    "line.end{stroke:var(--ink);stroke-width:1.5}line.end.fail{stroke:var(--red);stroke-width:2.5}\n",
    "svg text.end{font-weight:600}svg text.end.fail{fill:var(--red)}\n",
    ".msg path{fill:none;stroke:#6b7683;stroke-width:1}\n",
    ".msg.k12 path{stroke:#46627f}\n",
    ".msg.k14 path{stroke:#46627f;stroke-width:2.5}\n",
    ".msg.k11 path,.msg.k13 path{stroke-dasharray:5 3}\n",
    ".msg.k10 path{stroke:#9aa3ae;stroke-dasharray:1.5 3}\n",
    ".msg.gone path{stroke:#8a929c}\n",
    "svg .msg[data-t] path.cross,.cross{stroke:var(--red);stroke-width:1.6;stroke-dasharray:none;fill:none}\n",
    ".msg.main path{stroke:var(--blue);stroke-width:2.2}svg .msg.main[data-t] path.cross{stroke-width:2.6}\n",
    "svg text.lost{fill:var(--red);font-weight:600}.lost.back{text-anchor:end}\n",
    ".commit{fill:var(--blue);stroke:#fff}.apply{fill:#fff;stroke:var(--blue);stroke-width:1.6}\n",
    ".other{fill:#fff;stroke:var(--ink);stroke-width:1.4}\n",
    "circle.fail{fill:#fff;stroke:var(--red);stroke-width:2}path.fail{stroke:var(--red);stroke-width:2;fill:none}\n",
    ".dot.main text{font-weight:700}.dot.main circle{stroke-width:2.6}.dot.main .commit{stroke:var(--blue)}\n",
    "[data-t]{cursor:pointer}.hot path{stroke:#c25700!important;stroke-width:2.8!important}\n",
    ".hot text{font-weight:700;fill:#8f4000}\n",
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 20px;margin:8px 0 14px;padding:0;font-size:13px}\n",
    ".legend li{display:flex;align-items:center;gap:6px}\n",
    ".sheets{overflow-x:auto}\n",
    ".strip-line{fill:none;stroke:var(--blue);stroke-width:1.3}.strip-area{fill:#dbe5f1;stroke:none}\n",
    ".strip-axis{stroke:var(--faint)}.strip-zero{stroke:#9aa3ae;stroke-dasharray:2 2}\n",
    ".strip-down{fill:url(#hatch);stroke:none}.strip-fault{fill:#f1f2f4}\n",
    "svg text.right{text-anchor:end}svg text.mid{text-anchor:middle}svg text.soft{fill:var(--soft)}\n",
    ".bar{fill:#7d9cc2}\n",
    "footer{margin-top:44px;color:var(--soft);font-size:13px;border-top:1px solid var(--line);padding-top:10px}\n",
    "@media print{body{padding:0;max-width:none;font-size:12px}h2{break-after:avoid;margin-top:24px}"
    "h3{break-after:avoid}.sheet,figure,tr{break-inside:avoid}.sheets{overflow:visible}.screen{display:none}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n",
    "@page{margin:14mm 12mm}\n",
    NULL,
};

/* What belongs to a transaction is shown when one of its places is clicked. */
const char weft__page_script[] =
    "document.addEventListener('click',function(e){var g=e.target.closest('[data-t]');"
    "document.querySelectorAll('.hot').forEach(function(x){x.classList.remove('hot')});"
    "if(g)g.dataset.t.split(' ').forEach(function(t){if(t)"
    "document.querySelectorAll('[data-t~=\"'+t+'\"]').forEach(function(x){x.classList.add('hot')})})});";
