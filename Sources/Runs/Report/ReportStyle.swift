/// How a report looks: light, dark, on a phone and on paper.
enum ReportStyle {
    static let colours = 6
    static let dashes = 3

    static let css = """
        :root { --text: #1d2126; --quiet: #5b6470; --paper: #fff; --rule: #d9dde2; --shade: #f4f6f8; --good: #00694b; --bad: #a33a00;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b8578a; --c4: #6a4fa3; --c5: #3a9bd0; }
        @media (prefers-color-scheme: dark) { :root { --text: #e4e7eb; --quiet: #9aa4b0; --paper: #17191c; --rule: #363b42; --shade: #202429; --good: #4fd6a8; --bad: #ff9e66;
          --c0: #5cb3f0; --c1: #ff8a3d; --c2: #2fd3a0; --c3: #e79bc8; --c4: #b9a2ff; --c5: #9bdcff; } }
        * { box-sizing: border-box; }
        body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--text); background: var(--paper); margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 76rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; } h2 { font-size: 1.25rem; margin: 2.4rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--rule); } h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
        p { margin: .4rem 0; max-width: 52rem; } .quiet, caption, figcaption { color: var(--quiet); font-size: .875rem; } code { font: .9em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; margin: .4rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem; }
        th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; } thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
        td.n, th.n { text-align: right; white-space: nowrap; } td:last-child { white-space: nowrap; } tbody th { font-weight: 600; min-width: 7rem; } .best { font-weight: 700; } .pm { color: var(--quiet); font-weight: 400; } .up { color: var(--good); } .down { color: var(--bad); }
        .small td, .small th { font-size: .8125rem; padding: .15rem .6rem .15rem 0; } .small tbody th { min-width: 0; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; } figure { margin: 0; min-width: 0; } svg { width: 100%; max-width: 36rem; height: auto; display: block; }
        svg text { fill: var(--quiet); font: 11px system-ui, sans-serif; } .rule { stroke: var(--rule); fill: none; } .axis { stroke: var(--quiet); fill: none; } .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .band { opacity: .16; stroke: none; }
        .c0 { stroke: var(--c0); fill: var(--c0); } .c1 { stroke: var(--c1); fill: var(--c1); } .c2 { stroke: var(--c2); fill: var(--c2); } .c3 { stroke: var(--c3); fill: var(--c3); } .c4 { stroke: var(--c4); fill: var(--c4); } .c5 { stroke: var(--c5); fill: var(--c5); }
        polyline.line { fill: none; } polygon.band { stroke: none; } .d1 { stroke-dasharray: 6 3; } .d2 { stroke-dasharray: 2 3; } circle { stroke: none !important; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin: .4rem 0; font-size: .875rem; } .legend li { display: flex; align-items: center; gap: .45rem; } .legend svg { width: 26px; height: 10px; flex: none; }
        .heats { display: flex; flex-wrap: wrap; gap: 1.2rem 2rem; align-items: flex-start; } .heats figure { max-width: 100%; } .heat { border-collapse: separate; border-spacing: 1px; font-size: .75rem; } .heat th, .heat td { border: 0; padding: 0; text-align: center; color: var(--quiet); font-weight: 400; }
        .heat td { width: 2.6rem; min-width: 2.6rem; height: 1.6rem; border-radius: 2px; } .heat.dense td { width: .95rem; min-width: .95rem; height: .95rem; } .heat.dense th { font-size: .625rem; } .heat tbody th { min-width: 0; padding-right: .35rem; } .heat td { -webkit-print-color-adjust: exact; print-color-adjust: exact; } .heat td.none { background: var(--shade); }
        .key { display: inline-block; width: 9rem; height: .6rem; border-radius: 2px; vertical-align: middle; margin: 0 .4rem; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        @media print { @page { margin: 15mm; } :root { --text: #000; --quiet: #444; --paper: #fff; --rule: #bbb; --shade: #eee; --good: #00694b; --bad: #a33a00; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b8578a; --c4: #6a4fa3; --c5: #3a9bd0; }
          body { font-size: 10pt; max-width: none; padding: 0; } h2 { break-after: avoid; } h3 { break-after: avoid; } figure, tr { break-inside: avoid; } .wide { overflow: visible; } .charts { grid-template-columns: 1fr 1fr; } }
        """
}
