/** The page's style: two themes, three screen widths, and paper. */
import { variables } from './palette.ts';
import { FONT } from './svg.ts';

export const STYLE = `
:root{color-scheme:light dark;${variables('light')}}
@media screen and (prefers-color-scheme:dark){:root{${variables('dark')}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--nb-paper);color:var(--nb-ink);font:16px/1.5 ${FONT}}
header,main,footer,.toc{max-width:1152px;margin:0 auto;padding:0 16px}
h1{font-size:1.75rem;line-height:1.2;margin:24px 0 8px;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:40px 0 8px;padding-top:12px;border-top:1px solid var(--nb-line)}
h3{font-size:1.05rem;margin:24px 0 8px}
p,ul,dl{margin:8px 0;max-width:75ch}
ul{padding-left:20px}
li{overflow-wrap:anywhere}
a{color:var(--nb-link)}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85em}
:focus-visible{outline:3px solid var(--nb-link);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-9999px;top:0;padding:8px 16px;background:var(--nb-paper);z-index:1}
.skip:focus{left:8px;top:8px}
.banner{max-width:none;margin:12px 0;padding:10px 14px;border-left:5px solid var(--nb-warning);background:var(--nb-warning-surface)}
.banner strong{color:var(--nb-warning)}
.toc ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;padding:0;margin:12px 0;max-width:none}
.toc a{display:inline-block;padding:4px 0}
dl.facts>div,dl.wide-terms>div{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:0 12px;padding:3px 0}
dl.facts,dl.wide-terms{max-width:none}
dt{color:var(--nb-muted);grid-column:1}
dd{margin:0;grid-column:2;overflow-wrap:anywhere}
figure{margin:8px 0}
figure svg{display:block;height:auto;max-width:100%}
figcaption{color:var(--nb-muted);font-size:.875rem}
figcaption p,figcaption ul{max-width:90ch;margin:6px 0}
.medium,.narrow{display:none}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(var(--panel),100%),1fr));gap:14px 10px}
.panels svg{width:100%;max-width:calc(var(--panel)*1.12)}
.downloads{font-size:.875rem;color:var(--nb-muted)}
.downloads a{display:inline-block;padding:3px 8px;margin-left:4px;border:1px solid var(--nb-line);border-radius:4px;text-decoration:none}
.downloads a:hover{border-color:var(--nb-link)}
summary{cursor:pointer;padding:4px 0;color:var(--nb-link);font-size:.9rem;overflow-wrap:anywhere}
details.environment>summary{padding:6px 0}
.scroll{overflow-x:auto;max-width:100%;margin:8px 0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--nb-muted);padding:4px 0}
th,td{padding:4px 10px;border-bottom:1px solid var(--nb-grid);text-align:left;vertical-align:top}
thead th{color:var(--nb-muted);font-weight:600;border-bottom-color:var(--nb-line);vertical-align:bottom}
tbody th{font-weight:600;white-space:nowrap}
td.n,th.n{text-align:right}
td.n{white-space:nowrap}
.benchmark,.cell{white-space:nowrap}
small{font-weight:400}
.machines{width:100%;font-size:.8rem}.machines th,.machines td{padding:4px 6px;white-space:nowrap}
.machines td:last-child{white-space:normal;min-width:12rem}
.none{color:var(--nb-muted)}
.over{color:var(--nb-failed);font-weight:600}
pre{background:var(--nb-surface);padding:12px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}
footer{color:var(--nb-muted);font-size:.875rem;padding-top:24px;padding-bottom:32px}
@media screen and (max-width:1151px){.wide{display:none}.medium{display:block}}
@media screen and (max-width:719px){
.medium{display:none}.narrow{display:block}
h1{font-size:1.4rem}
dl.facts>div,dl.wide-terms>div{display:block}
}
@page{size:A4;margin:14mm}
@media print{
body{font-size:10pt;line-height:1.4}
header,main,footer{max-width:none;padding:0}
h1{margin-top:0}
header>p:not(.banner){display:none}
h2{margin-top:14px;padding-top:8px}
h3{margin-top:14px}
p,ul,dl,figcaption p,figcaption ul{max-width:none;margin:4px 0}
figcaption{font-size:8.5pt}
.skip,.toc,.downloads,details:not([open]){display:none}
.wide{display:none}.medium{display:block}
h2,h3,h2+p{break-after:avoid}
h2+p,figcaption p,figcaption li{break-inside:avoid}
.figure,.panels svg,tr,dl>div,.banner{break-inside:avoid}
.scroll{overflow:visible}
table{font-size:7.5pt}th,td{padding:2px 4px}
.machines{font-size:7.5pt}.machines th,.machines td,.machines td:last-child{min-width:0;padding:2px 4px;white-space:normal}.cell{white-space:normal}
.banner{border:1px solid var(--nb-warning);border-left-width:5px}
pre{font-size:7.5pt;padding:6px}
a{color:inherit;text-decoration:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
