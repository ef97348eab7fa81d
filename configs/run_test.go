package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

const goodRun = `model: net.yaml
checkpoint: net.safetensors
dataset: /data/images.npz
space: ../space.yaml
out: out
`

func TestRunDefaults(t *testing.T) {
	r, err := Decode[Run]("r.yaml", []byte(goodRun))
	if err != nil {
		t.Fatal(err)
	}
	want := Run{Model: "net.yaml", Checkpoint: "net.safetensors", Dataset: "/data/images.npz", Space: "../space.yaml",
		Seed: 1, Out: "out", Pick: PickKnee, Search: SearchAuto, NearDB: 1,
		Verify: Verify{TargetRTL, 16, AllImages, MemoryIdeal, 64, 0.1}}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v\nwant %+v", r, want)
	}
	r, err = Decode[Run]("r.yaml", []byte(goodRun+"verify: {logits: 32, stall: 0}\n"))
	if want := (Verify{TargetRTL, 16, 32, MemoryIdeal, 64, 0}); err != nil || r.Verify != want {
		t.Errorf("got %+v, %v, want %+v", r.Verify, err, want)
	}
}

func TestRunPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "runs", "run.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(goodRun), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := LoadRun(file)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{r.Model, r.Checkpoint, r.Dataset, r.Space, r.Out}
	want := []string{filepath.Join(dir, "runs", "net.yaml"), filepath.Join(dir, "runs", "net.safetensors"),
		"/data/images.npz", filepath.Join(dir, "space.yaml"), "out"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if r := (Run{Model: "deit-tiny"}).Resolve(file); r.Model != "deit-tiny" {
		t.Errorf("a built-in model became %s", r.Model)
	}
}

func TestRunErrors(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"part to pick on", "", "parts: [xck26]\npick_part: xc7z020\n",
			`r.yaml:7: pick_part: is "xc7z020"; expected one of parts: xck26`},
		{"pick", "", "pick: best\n", `r.yaml:6: pick: is "best"; expected one of knee, fastest, smallest, accurate`},
		{"part twice", "", "parts: [xck26, xck26]\n", `r.yaml:6: parts[1]: is "xck26", which is listed twice`},
		{"top-1", "", "max_top1_loss: 101\n", "r.yaml:6: max_top1_loss: is 101; expected 0 to 100 points of top-1, " +
			"0 for no limit"},
		{"loss", "", "max_loss_db: -1\n", "r.yaml:6: max_loss_db: is -1; expected at least 0, 0 for no limit"},
		{"images", "", "verify: {images: 0}\n", "r.yaml:6: verify.images: is 0; expected at least 1"},
		{"logits", "", "verify: {logits: some}\n", `r.yaml:6: verify.logits: is the text "some"; expected all, or a number of images`},
		{"memory", "", "verify: {memory: real}\n", `r.yaml:6: verify.memory: is "real"; expected one of ideal, latency`},
		{"latency", "", "verify: {latency: -1}\n", "r.yaml:6: verify.latency: is -1; expected 0..65535"},
		{"stall", "", "verify: {stall: 1}\n", "r.yaml:6: verify.stall: is 1; expected 0 up to below 1"},
		{"empty path", "out: out", `out: ""`, "r.yaml:5: out: is empty; expected a path"},
		{"dotted key", "", "verify.images: 4\n", "r.yaml:6: verify.images: unknown key; expected one of model, " +
			"checkpoint, dataset, space, seed, out, parts, pick, pick_part, max_loss_db, max_top1_loss, near_db, " +
			"min_sqnr_db, verify, cache, coefficients, search, objectives, limits, sensitivities"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode[Run]("r.yaml", []byte(edit(t, goodRun, c.old, c.new)))
			wantError(t, err, c.want)
		})
	}
}

// viper sees the mapstructure tags, the strict decoder the yaml ones.
func TestRunTagsAgree(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Run](), reflect.TypeFor[Verify]()} {
		fields := fieldsOf(typ)
		if len(fields) != typ.NumField() {
			t.Errorf("%s: %d of %d fields are keys", typ, len(fields), typ.NumField())
		}
		for _, f := range fields {
			if got := typ.Field(f.index).Tag.Get("mapstructure"); got != f.name {
				t.Errorf("%s.%s: mapstructure %q, yaml %q", typ, typ.Field(f.index).Name, got, f.name)
			}
		}
	}
}

func TestImageCount(t *testing.T) {
	for _, c := range []struct {
		count   ImageCount
		n, want int
	}{{AllImages, 360, 360}, {16, 360, 16}, {1000, 360, 360}, {0, 360, 0}} {
		t.Run(fmt.Sprint(c.count, c.n), func(t *testing.T) {
			if got := c.count.Of(c.n); got != c.want {
				t.Errorf("%s of %d is %d, want %d", c.count, c.n, got, c.want)
			}
			var back ImageCount
			if text, _ := c.count.MarshalText(); back.UnmarshalText(text) != nil || back != c.count {
				t.Errorf("%s came back as %s", c.count, back)
			}
		})
	}
}
