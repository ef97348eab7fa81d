package emit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

// smallModel is a network whose folder is made in a moment.
func smallModel() configs.Model {
	return configs.Model{Name: "small", Family: configs.ViT, Image: configs.ImageShape{Height: 8, Width: 8, Channels: 1},
		Patch: 4, Dim: 32, Depth: 1, Heads: 2, MLPRatio: 2, Classes: 3, LayerNormEps: 1e-6, Mean: []float64{0.5},
		Std: []float64{0.25}}
}

// source is all that a folder is made from.
type source struct {
	model   configs.Model
	bits    int
	weights uint64 // seeds
	images  uint64
	engine  configs.Engine
	part    string
	mhz     float64
	name    string
}

func plain() source {
	return source{model: smallModel(), bits: 8, weights: 1, images: 1, part: "xczu9eg", mhz: 200, name: "plain",
		engine: configs.Engine{TM: 4, TN: 4, TK: 2, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
}

func (s source) plan(t *testing.T) emit.Plan {
	t.Helper()
	part, err := configs.LoadPart(s.part)
	if err != nil {
		t.Fatal(err)
	}
	d := configs.Design{Name: s.name, Model: s.model.Name, Part: s.part, ClockMHz: s.mhz,
		Numerics: configs.Uniform(s.model, s.bits, 8), Engine: s.engine}
	w := checkpoint.Seeded(s.model, s.weights)
	stats, err := quant.Calibrate(s.model, w, quant.Synthetic(s.model, 4, s.images))
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(s.model, d.Numerics, w, stats)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plans.NewPlan(d, net, part)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Whatever changes a file changes the hash, and every text file but those of data bears it.
func TestHashCoversTheFolder(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct {
		name   string
		change func(*source)
	}{
		{"plain", func(*source) {}},
		{"mean", func(s *source) { s.model.Mean = []float64{0.4} }},
		{"std", func(s *source) { s.model.Std = []float64{0.3} }},
		{"eps", func(s *source) { s.model.LayerNormEps = 1e-2 }},
		{"an eps that rounds to the same", func(s *source) { s.model.LayerNormEps = 1.0001e-6 }},
		{"weights", func(s *source) { s.weights = 2 }},
		{"calibration images", func(s *source) { s.images = 2 }},
		{"bits", func(s *source) { s.bits = 6 }},
		{"engine", func(s *source) { s.engine.TN = 8 }},
		{"memory", func(s *source) { s.engine.Weights = configs.MemBlock }},
		{"part", func(s *source) { s.part = "xczu7ev" }},
		{"clock", func(s *source) { s.mhz = 150 }},
		{"name", func(s *source) { s.name = "other" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := plain()
			c.change(&s)
			p := s.plan(t)
			if other := seen[p.Hash()]; other != "" {
				t.Errorf("%s and %s have the hash %s", other, c.name, p.Hash())
			}
			seen[p.Hash()] = c.name
			files, err := p.Files(1)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if head := f.Data[:min(len(f.Data), 256)]; f.Path != "mem/stream.bin" && !bytes.Contains(head, []byte(p.Hash())) {
					t.Errorf("%s: the head of %s does not have the design's hash", c.name, f.Path)
				}
			}
			again, err := s.plan(t).Files(1)
			if err != nil || len(again) != len(files) {
				t.Fatalf("%d files, then %d: %v", len(files), len(again), err)
			}
			for i := range files {
				if !bytes.Equal(files[i].Data, again[i].Data) {
					t.Errorf("%s is not the same the second time", files[i].Path)
				}
			}
		})
	}
	if a, b := plain().plan(t), plain().plan(t); a.Hash() != b.Hash() {
		t.Error("the hash is not a function")
	}
}

// write writes a folder and returns its path and manifest.
func write(t *testing.T, s source) (string, emit.Manifest) {
	t.Helper()
	files, err := s.plan(t).Files(1)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "design")
	if err := emit.WriteFolder(dir, files, false); err != nil {
		t.Fatal(err)
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, man
}

// The manifest names every file, finds each that is changed, and cannot be changed itself.
func TestManifestFindsChanges(t *testing.T) {
	dir, man := write(t, plain())
	if len(man.Files) < 40 {
		t.Errorf("only %d files are listed", len(man.Files))
	}
	for _, f := range man.Files {
		path := filepath.Join(dir, f.Path)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edited := slices.Clone(data)
		edited[len(edited)/2] ^= 1
		if err := os.WriteFile(path, edited, 0o644); err != nil {
			t.Fatal(err)
		}
		if changed, err := man.Changed(dir); err != nil || !slices.Equal(changed, []string{f.Path}) {
			t.Errorf("%s was changed; found %v, %v", f.Path, changed, err)
		}
		os.Remove(path)
		if _, err := man.Changed(dir); err == nil || !strings.Contains(err.Error(), f.Path+" is missing") {
			t.Errorf("%s was removed: %v", f.Path, err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, emit.ManifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	man.Ops[3].Cycles++
	forged, err := json.MarshalIndent(man, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{append(forged, '\n'),
		bytes.Replace(text, []byte(`"full_images": 1`), []byte(`"full_images": 2`), 1),
		append([]byte(" "), text...), []byte("{}"), []byte("null")} {
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := emit.LoadManifest(dir); err == nil {
			t.Errorf("a manifest that begins with %.80s is taken", bad)
		}
	}
}

// Only what was emitted, as it was emitted, is replaced: with what its Makefiles make, but no more.
func TestForceReplacesItsOwn(t *testing.T) {
	other, err := func() ([]emit.File, error) { s := plain(); s.bits = 4; return s.plan(t).Files(1) }()
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) func(string) {
		return func(dir string) {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(dir string)
		says    string // "" if it is replaced
	}{
		{"as it was", func(string) {}, ""},
		{"built", put("sim/build/harness-1", "x"), ""},
		{"synthesized", put("syn/yosys.log", "x"), ""},
		{"notes beside", put("notes.txt", "x"), "notes.txt"},
		{"a project of the vendor's tool", put("syn/vivado/synth.dcp", "x"), "syn/vivado/"},
		{"notes among what is built", put("sim/build/notes.txt", "x"), "sim/build/notes.txt"},
		{"a log of the user's", put("syn/my.log", "x"), "syn/my.log"},
		{"a module of the user's in a scratch folder", put("syn/alone/mine.v", "x"), "syn/alone/mine.v"},
		{"a folder of a build that was stopped", put("sim/build/.vitdse-build-7/Vsim_top.h", "x"), ""},
		{"a module mapped alone", put("syn/alone/vit_pe_array_0.json", "x"), ""},
		{"an empty folder of the user's", func(dir string) { os.Mkdir(filepath.Join(dir, "mine"), 0o755) }, "mine/"},
		{"a folder that is a link", func(dir string) {
			os.Rename(filepath.Join(dir, "rtl"), filepath.Join(filepath.Dir(dir), "elsewhere"))
			os.Symlink("../elsewhere", filepath.Join(dir, "rtl"))
		}, "rtl;"},
		{"a pipe in the place of a file", func(dir string) {
			os.Remove(filepath.Join(dir, "README.md"))
			syscall.Mkfifo(filepath.Join(dir, "README.md"), 0o600)
		}, "README.md"},
		{"a file is gone", func(dir string) { os.Remove(filepath.Join(dir, "README.md")) }, ""},
		{"an edited module", put("rtl/vit_ram.sv", "x"), "rtl/vit_ram.sv"},
		{"a link", func(dir string) { os.Symlink("/etc/passwd", filepath.Join(dir, "rtl/link")) }, "rtl/link"},
		{"no manifest of ours", put(emit.ManifestName, `{"name": "a web page"}`), "is not replaced"},
		{"an old manifest", put(emit.ManifestName, `{"schema": 1, "design_hash": "`+strings.Repeat("0", 64)+
			`", "ops": [{}]}`), "is not replaced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, man := write(t, plain())
			c.prepare(dir)
			err := emit.WriteFolder(dir, other, true)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: error %v; expected %q", c.name, err, c.says)
				}
				if _, err := os.Stat(filepath.Join(dir, "rtl/vit_accel_top.sv")); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				return
			}
			if now, e := emit.LoadManifest(dir); err != nil || e != nil || now.Hash == man.Hash {
				t.Errorf("%s: %v, %v", c.name, err, e)
			}
			if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 1 {
				t.Errorf("%s: beside the folder there is %v", c.name, left)
			}
			if err := emit.WriteFolder(dir, other, false); err != nil {
				t.Errorf("%s: the same again: %v", c.name, err)
			}
		})
	}
}
