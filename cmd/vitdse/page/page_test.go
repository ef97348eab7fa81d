package page

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/limits"
)

// made is a front of n points on one part, with numbers and names that try the page.
func made(n int) *front.Front {
	f := &front.Front{Tool: "test", Inputs: "0123", Objectives: limits.DefaultObjectives, BestSQNRDB: 40,
		Model: configs.Model{Name: "</script><b>vit</b>", Depth: 1, Heads: 1, Dim: 8, Classes: 2, Patch: 2,
			Image: configs.ImageShape{Height: 4, Width: 4, Channels: 1}},
		Axes: []string{"tm", "tn", "tk", "<i>axis</i>"}}
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		panic(err)
	}
	f.Parts = []front.PartSummary{{Part: part, Legal: int64(n), Front: n}}
	for i := range n {
		t := 1e-3 * float64(i+1) / float64(n)
		f.Points = append(f.Points, front.Point{Part: part.Name, Name: "<img src=x onerror=alert(1)>",
			Choice:  []string{"4", "8", "1", []string{"</td>", "\u2028"}[i%2]},
			Seconds: t, FPS: 1 / t, Use: 1 - t*900, UseOf: "lut", Costs: []float64{t, 1 - t*900, 1e-4}, SQNRDB: 40 - t,
			LossDB: t, Numerics: "n",
			Estimate: front.Estimate{Cycles: int64(1e8 * t), LUT: 1000 + i, DSP: 10}})
	}
	return f
}

// render is the page of a front and its data as a script would read them.
func render(t *testing.T, f *front.Front, most int) (html string, data map[string]any) {
	t.Helper()
	r, err := Of(f, most)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := Write(&buf, r, ""); err != nil {
		t.Fatal(err)
	}
	html = buf.String()
	m := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(html)
	if m == nil {
		t.Fatal("the page has no data")
	}
	if err := json.Unmarshal([]byte(m[1]), &data); err != nil {
		t.Fatal(err)
	}
	return html, data
}

// Texts of files end no element and open none.
func TestMarkupStaysText(t *testing.T) {
	html, data := render(t, made(3), 0)
	for _, bad := range []string{"<img src=x", "<b>vit", "<i>axis", "</td>\""} {
		if strings.Contains(html, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if n := strings.Count(html, "</script>"); n != 2 {
		t.Errorf("the page has %d </script>; expected that of the data and that of the script", n)
	}
	if got := data["model"].(map[string]any)["name"]; got != "</script><b>vit</b>" {
		t.Errorf("the data's model is %q", got)
	}
}

// A page refers to nothing outside itself.
func TestNothingIsFetched(t *testing.T) {
	html, _ := render(t, made(3), 0)
	if m := regexp.MustCompile(`(?i)(src|href|url|@import|fetch|XMLHttpRequest|WebSocket)\s*[=(:]?\s*["'(]?\s*(https?:)?//`).FindString(html); m != "" {
		t.Errorf("the page refers to %q", m)
	}
	if !strings.Contains(html, "default-src &#39;none&#39;") {
		t.Error("the page has no policy that forbids everything else")
	}
}

// What is no number is null, and a front of 5,000 points is a page below 3 MB.
func TestNoNumberIsNull(t *testing.T) {
	f := made(MostPoints)
	f.Points[0].SQNRDB, f.Points[0].Seconds = math.Inf(1), math.NaN()
	html, data := render(t, f, 0)
	if len(html) > 3e6 {
		t.Errorf("the page has %d bytes; expected at most 3 MB", len(html))
	}
	points := data["points"].(map[string]any)
	first := points["values"].([]any)[0].(map[string]any)
	if v := first["values"].([]any); first["name"] != "seconds" || v[0] != nil || v[1] != f.Points[1].Seconds {
		t.Errorf("%v begins with %v, %v; expected null and %g", first["name"], v[0], v[1], f.Points[1].Seconds)
	}
}

// A million points are thinned to what a page holds: the best of each part by each objective
// stays, and the page says how many there were.
func TestThinned(t *testing.T) {
	f := made(1_000_000)
	_, data := render(t, f, 0)
	points := data["points"].(map[string]any)
	numbers := points["number"].([]any)
	if len(numbers) != MostPoints || points["of"] != 1e6 {
		t.Errorf("%d points of %v; expected %d of a million", len(numbers), points["of"], MostPoints)
	}
	if numbers[0] != 1.0 || numbers[len(numbers)-1] != 1e6 {
		t.Errorf("the points are %v to %v; expected the fastest and the smallest among them",
			numbers[0], numbers[len(numbers)-1])
	}
}

// Every module is in the page's one script, after those it imports from.
func TestBundle(t *testing.T) {
	text, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^(import|export)\b.*`).FindString(text); m != "" {
		t.Errorf("the script still has %q", m)
	}
	for i, name := range scripts {
		module, err := assets.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range importLine.FindAllSubmatch(module, -1) {
			if !contains(scripts[:i], string(m[2])+".js") {
				t.Errorf("%s imports from %s.js, which is not in front of it", name, m[2])
			}
		}
	}
	entries, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".js") && !strings.HasSuffix(e.Name(), ".test.js") && !contains(scripts, e.Name()) {
			t.Errorf("%s is in no page", e.Name())
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
