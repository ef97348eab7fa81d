package configs

import (
	"fmt"
	"math"
	"os"
	"reflect"
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
	// name of a built-in model, a path, or a checkpoint; none: the checkpoint's own
	Model      string `yaml:"model,omitempty" mapstructure:"model"`
	Checkpoint string `yaml:"checkpoint,omitempty" mapstructure:"checkpoint"` // safetensors
	// npz of images and labels, or a folder of photographs
	Dataset string `yaml:"dataset,omitempty" mapstructure:"dataset"`
	// path; none: default-space.yaml on the parts
	Space    string   `yaml:"space,omitempty" mapstructure:"space"`
	Seed     int64    `yaml:"seed,omitempty" mapstructure:"seed"`           // of all that is random; default 1
	Out      string   `yaml:"out" mapstructure:"out"`                       // folder the results go to
	Parts    []string `yaml:"parts,omitempty" mapstructure:"parts"`         // names; none: all of the space
	Pick     Pick     `yaml:"pick,omitempty" mapstructure:"pick"`           // default knee
	PickPart string   `yaml:"pick_part,omitempty" mapstructure:"pick_part"` // part to pick on; none: any
	// below the space's best ratio; 0: no limit
	MaxLossDB float64 `yaml:"max_loss_db,omitempty" mapstructure:"max_loss_db"`
	// points of top-1, as measured, below the space's best; 0: no limit
	MaxTop1Loss float64 `yaml:"max_top1_loss,omitempty" mapstructure:"max_top1_loss"`
	// points so near the predicted front are measured with it; default 1, 0 for none
	NearDB    float64 `yaml:"near_db,omitempty" mapstructure:"near_db"`
	MinSQNRDB float64 `yaml:"min_sqnr_db,omitempty" mapstructure:"min_sqnr_db"` // of the logits; 0: no limit
	Verify    Verify  `yaml:"verify,omitempty" mapstructure:"verify"`

	// Cache is the folder of measurements and synthesis results that runs share; none: the
	// user's cache folder.
	Cache string `yaml:"cache,omitempty" mapstructure:"cache"`

	// Coefficients files of the resource model, at most one a family; none: those that come
	// with the tool.
	Coefficients []string `yaml:"coefficients,omitempty" mapstructure:"coefficients"`

	Search Search `yaml:"search,omitempty" mapstructure:"search"` // default auto
	// two to four metrics, top1 as measured; none: latency, use and loss
	Objectives []string     `yaml:"objectives,omitempty" mapstructure:"objectives"`
	Limits     DesignLimits `yaml:"limits,omitempty" mapstructure:"limits"` // beside the part's budget
	// file that takes the place of measuring; checkpoint and dataset may then be left out
	Sensitivities string `yaml:"sensitivities,omitempty" mapstructure:"sensitivities"`
}

// Search is how the front of a space is found.
type Search string

// The searches, both exact.
const (
	SearchAuto  Search = "auto"  // sweep where it can, else exact
	SearchSweep Search = "sweep" // every point is covered and counted: the usual objectives, up to some 10^9 points
	SearchExact Search = "exact" // label setting over the layers, for spaces of any size, any objectives and limits
)

// DesignLimits are limits of a design point beside its part's budget; 0 is no limit.
type DesignLimits struct {
	MaxLatency float64 `yaml:"max_latency,omitempty" mapstructure:"max_latency"` // ms an image
	MinFPS     float64 `yaml:"min_fps,omitempty" mapstructure:"min_fps"`         // images/s
	MaxLUT     float64 `yaml:"max_lut,omitempty" mapstructure:"max_lut"`
	MaxFF      float64 `yaml:"max_ff,omitempty" mapstructure:"max_ff"`
	MaxDSP     float64 `yaml:"max_dsp,omitempty" mapstructure:"max_dsp"`
	MaxBRAM18  float64 `yaml:"max_bram18,omitempty" mapstructure:"max_bram18"` // 18 Kb blocks
	MaxURAM    float64 `yaml:"max_uram,omitempty" mapstructure:"max_uram"`
	MaxLUTRAM  float64 `yaml:"max_lutram,omitempty" mapstructure:"max_lutram"` // LUTs used as memory
	// percent of the usable budget, of the scarcest resource
	MaxUse    float64 `yaml:"max_use,omitempty" mapstructure:"max_use"`
	MaxBytes  float64 `yaml:"max_bytes,omitempty" mapstructure:"max_bytes"`   // off-chip, an image
	MaxPower  float64 `yaml:"max_power,omitempty" mapstructure:"max_power"`   // W with the bus never idle, an estimate
	MaxEnergy float64 `yaml:"max_energy,omitempty" mapstructure:"max_energy"` // mJ an image, an estimate
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
	// chance of no beat in a cycle, 0 up to below 1; default 0.1
	Stall float64 `yaml:"stall,omitempty" mapstructure:"stall"`
}

// DefaultRun is a run with only what a file may leave out: what viper starts from.
func DefaultRun() Run {
	var r Run
	r.setDefaults()
	return r
}

func (r *Run) setDefaults() {
	r.Seed, r.Pick, r.Search, r.NearDB = 1, PickKnee, SearchAuto, 1
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
	for _, p := range []*string{&r.Checkpoint, &r.Dataset, &r.Space, &r.Sensitivities} {
		if *p != "" {
			*p = beside(file, *p)
		}
	}
	switch {
	case r.Model == "": // the checkpoint's own
		r.Model = r.Checkpoint
	case isPath(r.Model), isFolder(beside(file, r.Model)):
		r.Model = beside(file, r.Model)
	}
	r.Coefficients = slices.Clone(r.Coefficients)
	for i, c := range r.Coefficients {
		r.Coefficients[i] = beside(file, c)
	}
	return r
}

// isFolder says whether there is a folder of the name: of a checkpoint.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
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
		{"dataset", r.Dataset}, {"out", r.Out}} {
		if p.key == "model" && r.Checkpoint != "" {
			continue // that of the checkpoint
		}
		if optional := r.Sensitivities != "" && (p.key == "checkpoint" || p.key == "dataset"); p.path == "" && !optional {
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
	if !(r.MaxTop1Loss >= 0 && r.MaxTop1Loss <= 100) {
		f.add("max_top1_loss", "is %g; expected 0 to 100 points of top-1, 0 for no limit", r.MaxTop1Loss)
	}
	if !(r.NearDB >= 0 && r.NearDB <= 20) {
		f.add("near_db", "is %g; expected 0 to 20 dB, 0 to measure the predicted front alone", r.NearDB)
	}
	if !(r.MinSQNRDB >= 0) {
		f.add("min_sqnr_db", "is %g; expected at least 0, 0 for no limit", r.MinSQNRDB)
	}
	r.Verify.check(&f)
	if r.Search != "" {
		oneOf(&f, "search", r.Search, SearchAuto, SearchSweep, SearchExact)
	}
	r.Limits.check(&f)
	return f.join()
}

func (l DesignLimits) check(f *faults) {
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if x := v.Field(i).Float(); !(x >= 0) || math.IsInf(x, 0) {
			f.add("limits."+v.Type().Field(i).Tag.Get("mapstructure"), "is %g; expected at least 0, 0 for no limit", x)
		}
	}
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
