package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Pick says which point of a front a run emits.
type Pick string

// The policies: ends of the front, or the point of the best trade.
const (
	PickKnee     Pick = "knee"     // farthest from the line between the front's ends
	PickFastest  Pick = "fastest"  // fewest seconds an image
	PickSmallest Pick = "smallest" // least of the part's scarcest resource
	PickAccurate Pick = "accurate" // highest signal-to-noise ratio
)

// MemoryModel is the off-chip memory a verification simulates.
type MemoryModel string

// The memory models of the simulation harness.
const (
	MemoryIdeal   MemoryModel = "ideal"   // a beat every cycle, the least latency
	MemoryLatency MemoryModel = "latency" // Latency cycles to the first beat, random stalls
)

// Run is one way from a checkpoint to a verified design. The keys of the file are
// also what the command line reads from VITDSE_* variables and flags, so they are
// few and hold no dots; the mapstructure tags repeat them for viper.
//
// Model, Checkpoint, Dataset and Space are relative to the run file, Out to the
// directory the command runs in.
type Run struct {
	Model      string   `yaml:"model" mapstructure:"model"`                       // name of a built-in model, or a path
	Checkpoint string   `yaml:"checkpoint" mapstructure:"checkpoint"`             // safetensors
	Dataset    string   `yaml:"dataset" mapstructure:"dataset"`                   // npz of images and labels
	Space      string   `yaml:"space" mapstructure:"space"`                       // path
	Seed       int64    `yaml:"seed,omitempty" mapstructure:"seed"`               // of all that is random; default 1
	Out        string   `yaml:"out" mapstructure:"out"`                           // folder the results go to
	Parts      []string `yaml:"parts,omitempty" mapstructure:"parts"`             // names; none: all of the space
	Pick       Pick     `yaml:"pick,omitempty" mapstructure:"pick"`               // default knee
	PickPart   string   `yaml:"pick_part,omitempty" mapstructure:"pick_part"`     // part to pick on; none: any
	MaxLossDB  float64  `yaml:"max_loss_db,omitempty" mapstructure:"max_loss_db"` // below the space's best ratio; 0: no limit
	MinSQNRDB  float64  `yaml:"min_sqnr_db,omitempty" mapstructure:"min_sqnr_db"` // of the logits; 0: no limit
	Verify     Verify   `yaml:"verify,omitempty" mapstructure:"verify"`

	// Coefficients files of the resource model, at most one a family; none: those that come
	// with the tool.
	Coefficients []string `yaml:"coefficients,omitempty" mapstructure:"coefficients"`
}

// Target says which of the emitted designs is verified.
type Target string

// Verification targets.
const (
	TargetRTL Target = "rtl" // the SystemVerilog, in Verilator
	TargetHLS Target = "hls" // the HLS C++, compiled with g++
	TargetAll Target = "all" // both, and one against the other
)

// Verify is how the emitted design is held against the golden model.
type Verify struct {
	Target  Target      `yaml:"target,omitempty" mapstructure:"target"`   // rtl | hls | all; default rtl
	Images  int         `yaml:"images,omitempty" mapstructure:"images"`   // compared op by op; default 16
	Logits  ImageCount  `yaml:"logits,omitempty" mapstructure:"logits"`   // compared by their logits; default all
	Memory  MemoryModel `yaml:"memory,omitempty" mapstructure:"memory"`   // ideal | latency; default ideal
	Latency int         `yaml:"latency,omitempty" mapstructure:"latency"` // cycles, 0..65535; default 64
	Stall   float64     `yaml:"stall,omitempty" mapstructure:"stall"`     // chance of no beat in a cycle, 0 up to below 1; default 0.1
}

// DefaultRun is a run with only what a file may leave out: what viper starts from.
func DefaultRun() Run {
	var r Run
	r.setDefaults()
	return r
}

func (r *Run) setDefaults() {
	r.Seed, r.Pick = 1, PickKnee
	r.Verify.setDefaults()
}

func (v *Verify) setDefaults() {
	*v = Verify{Target: TargetRTL, Images: 16, Logits: AllImages, Memory: MemoryIdeal, Latency: 64, Stall: 0.1}
}

// LoadRun reads a run file and resolves its paths.
func LoadRun(path string) (Run, error) {
	r, err := load[Run](path)
	if err != nil {
		return Run{}, err
	}
	return r.Resolve(path), nil
}

// Resolve makes the input paths of a run, which are relative to its file, relative to
// the working directory. Call it once.
func (r Run) Resolve(file string) Run {
	for _, p := range []*string{&r.Checkpoint, &r.Dataset, &r.Space} {
		*p = beside(file, *p)
	}
	if isPath(r.Model) {
		r.Model = beside(file, r.Model)
	}
	r.Coefficients = slices.Clone(r.Coefficients)
	for i, c := range r.Coefficients {
		r.Coefficients[i] = beside(file, c)
	}
	return r
}

// PickParts are the parts whose points may be picked; none means any.
func (r Run) PickParts() []string {
	if r.PickPart != "" {
		return []string{r.PickPart}
	}
	return r.Parts
}

// Validate says everything that is wrong with the run, each with its key. It does
// not look for the files.
func (r Run) Validate() error {
	var f faults
	for _, p := range []struct{ key, path string }{{"model", r.Model}, {"checkpoint", r.Checkpoint},
		{"dataset", r.Dataset}, {"space", r.Space}, {"out", r.Out}} {
		if p.path == "" {
			f.add(p.key, "is empty; expected a path")
		}
	}
	seen := map[string]bool{}
	for i, p := range r.Parts {
		key := fmt.Sprintf("parts[%d]", i)
		if seen[p] {
			f.add(key, "is %q, which is listed twice", p)
		} else {
			validName(&f, key, p)
		}
		seen[p] = true
	}
	oneOf(&f, "pick", r.Pick, PickKnee, PickFastest, PickSmallest, PickAccurate)
	if r.PickPart != "" && len(r.Parts) > 0 && !seen[r.PickPart] {
		f.add("pick_part", "is %q; expected one of parts: %s", r.PickPart, strings.Join(r.Parts, ", "))
	}
	if !(r.MaxLossDB >= 0) {
		f.add("max_loss_db", "is %g; expected at least 0, 0 for no limit", r.MaxLossDB)
	}
	if !(r.MinSQNRDB >= 0) {
		f.add("min_sqnr_db", "is %g; expected at least 0, 0 for no limit", r.MinSQNRDB)
	}
	r.Verify.check(&f)
	return f.join()
}

func (v Verify) check(f *faults) {
	oneOf(f, "verify.target", v.Target, TargetRTL, TargetHLS, TargetAll)
	if v.Images < 1 {
		f.add("verify.images", "is %d; expected at least 1", v.Images)
	}
	if v.Logits < AllImages {
		f.add("verify.logits", "is %d; expected all, or a number of images", int(v.Logits))
	}
	oneOf(f, "verify.memory", v.Memory, MemoryIdeal, MemoryLatency)
	f.within("verify.latency", v.Latency, 0, 65535)
	if !(v.Stall >= 0 && v.Stall < 1) {
		f.add("verify.stall", "is %g; expected 0 up to below 1", v.Stall)
	}
}
