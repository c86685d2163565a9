package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"
)

//go:embed figures/*.md.tmpl
var templates embed.FS

// pages are what the figures are written into, by the name of their template without its endings.
var pages = []string{"what-it-costs", "scale"}

// folder has the pages. They measure, so they are for contributors; users have a paragraph in the
// guide to operating.
const folder = "lab/bench/figures"

// publishPages prints the pages, or writes them into their folder.
func (f *figures) publishPages(write bool) error {
	for _, page := range pages {
		text, err := f.renderPage(page)
		if err != nil {
			return err
		}
		if !write {
			fmt.Println(text)
			continue
		}
		//nolint:gosec // pages for everyone
		if err := os.WriteFile(filepath.Join(folder, page+".md"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (f *figures) renderPage(page string) (string, error) {
	page += ".md.tmpl"
	parsed, err := template.New(page).Funcs(template.FuncMap{
		"ms": formatMilliseconds, "s": formatSeconds,
		"shareMs": func(d time.Duration) string { return formatShare(d, formatMilliseconds) },
		"shareS":  func(d time.Duration) string { return formatShare(d, formatSeconds) },
		"mb":      formatMegabytes, "size": formatSize, "percent": formatPercent, "ratio": formatRatio,
		"gib": formatGiB, "count": formatCount,
		"baseline": f.compareBaseline,
		"part":     func(p float64) string { return fmt.Sprintf("%.2f", p) },
		"scale":    func() scaleFigures { return scaleFrom(f) },
	}).ParseFS(templates, "figures/"+page)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, f)
	return out.String(), err
}

// formatShare writes what one time adds to another: nothing where noise makes it negative.
func formatShare(d time.Duration, unit func(time.Duration) string) string {
	if d <= 0 {
		return "too little to measure"
	}
	return unit(d)
}

func formatMilliseconds(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

// formatSeconds writes two digits.
func formatSeconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 10:
		return fmt.Sprintf("%.2g s", s)
	case s < 600:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

func formatMegabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

// formatSize writes units of 1,000, as registries bill.
func formatSize(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= unit.bytes {
			return fmt.Sprintf("%.3g %s", float64(n)/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

func formatPercent(p float64) string {
	if p >= 10 {
		return fmt.Sprintf("%.0f %%", p)
	}
	return fmt.Sprintf("%.2g %%", p)
}

func formatRatio(of, to time.Duration) string { return fmt.Sprintf("%.2g", of.Seconds()/to.Seconds()) }

func formatGiB(n float64) string { return fmt.Sprintf("%.3g GiB", n) }

// formatCount groups the digits of a number.
func formatCount(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
