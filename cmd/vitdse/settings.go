package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"vitdse/configs"
)

// delimiter separates the levels of viper's keys: not a dot, which names may hold.
const delimiter = "::"

// setting is one key of a run: where it may come from, and what it is for.
type setting struct {
	key   string // viper's, e.g. "verify::images"
	flag  string
	env   string
	usage string
	kind  reflect.Type
}

// usages says what each key of a run is for, in the words of --help.
var usages = map[string]string{
	"model":      "`name` of a built-in model, a model file, or a checkpoint with its config.json",
	"checkpoint": "`file` of the weights: safetensors, an index of shards, ONNX, or a folder",
	"dataset":    "npz `file` of images and labels, or a folder of photographs",
	"space":      "space `file`: what the sweep may vary",
	"seed":       "seed of all that is random",
	"out":        "`folder` the results go to",
	"cache": "`folder` of measurements and synthesis results that runs share; " +
		"default the user's cache folder",
	"parts":       "`names` of the parts to sweep, of those in the space",
	"pick_part":   "part to pick the point on",
	"pick":        "point to emit: knee, fastest, smallest or accurate",
	"max_loss_db": "most `dB` the picked point may lose against the space's best; 0 for no limit",
	"max_top1_loss": "most `points` of top-1, as measured, the picked point may lose against the space's best; " +
		"0 for no limit",
	"min_sqnr_db":  "least signal-to-noise ratio in `dB` of the picked point's logits; 0 for no limit",
	"coefficients": "coefficients `files` of the resource model, at most one a family",
	"search":       "`how` the front is found: auto, sweep or exact",
	"objectives": "`metrics` the front minimises, two to four: latency, fps, lut, ff, dsp, bram18, uram, " +
		"lutram, use, bytes, power, energy, loss, top1 (of the measured front)",
	"near_db": "measure points at most so many `dB` short of the predicted front with it, " +
		"as the prediction errs; 0 for none",
	"sensitivities":       "`file` of sensitivities, in the place of measuring them",
	"limits::max_latency": "most `ms` an image; 0 for no limit",
	"limits::min_fps":     "least `images` a second; 0 for no limit",
	"limits::max_lut":     "most `LUTs`; 0 for no limit but the budget",
	"limits::max_ff":      "most `flip-flops`; 0 for no limit but the budget",
	"limits::max_dsp":     "most `DSPs`; 0 for no limit but the budget",
	"limits::max_bram18":  "most `blocks` of 18 Kb; 0 for no limit but the budget",
	"limits::max_uram":    "most `UltraRAMs`; 0 for no limit but the budget",
	"limits::max_lutram":  "most `LUTs` used as memory; 0 for no limit but the budget",
	"limits::max_use":     "most `percent` of the usable budget of any resource; 0 for no limit",
	"limits::max_bytes":   "most off-chip `bytes` an image; 0 for no limit",
	"limits::max_power":   "most `W`, estimated, with the bus never idle; 0 for no limit",
	"limits::max_energy":  "most `mJ` an image, estimated; 0 for no limit",
	"verify::target":      "what to verify: rtl, hls, or all, both and one against the other",
	"verify::images":      "`number` of images compared op by op",
	"verify::logits":      "`number` of images compared by their logits, or all",
	"verify::memory":      "memory `model` of the simulation: ideal or latency",
	"verify::latency":     "`cycles` to the first beat of a read, with --memory latency",
	"verify::stall":       "`chance` that a cycle brings no beat, with --memory latency",
}

// settings lists every key of a run, from the fields of configs.Run.
func settings() []setting {
	var list []setting
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := f.Tag.Get("mapstructure")
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, prefix+name+delimiter)
				continue
			}
			key := prefix + name
			list = append(list, setting{
				key: key, kind: f.Type, usage: usages[key],
				flag: strings.ReplaceAll(name, "_", "-"),
				env:  "VITDSE_" + strings.ToUpper(strings.ReplaceAll(key, delimiter, "_")),
			})
		}
	}
	walk(reflect.TypeFor[configs.Run](), "")
	return list
}

// Groups of keys that a command may offer as flags.
var (
	inputKeys  = []string{"model", "checkpoint", "dataset"}
	sweepKeys  = []string{"space", "parts", "seed", "out", "cache", "coefficients"}
	searchKeys = []string{"search", "objectives", "near_db", "sensitivities", "limits::max_latency", "limits::min_fps",
		"limits::max_lut", "limits::max_ff",
		"limits::max_dsp", "limits::max_bram18", "limits::max_uram", "limits::max_lutram", "limits::max_use",
		"limits::max_bytes", "limits::max_power",
		"limits::max_energy"}
	pickKeys   = []string{"pick", "pick_part", "max_loss_db", "max_top1_loss", "min_sqnr_db"}
	verifyKeys = []string{"verify::target", "verify::images", "verify::logits", "verify::memory", "verify::latency",
		"verify::stall", "seed"}
)

// settingKey is the annotation of a flag that sets a run's key; another command may use the flag's name
// for something else.
const settingKey = "vitdse_setting"

// flagOf is the command's flag for a key, nil if it has none.
func flagOf(cmd *cobra.Command, s setting) *pflag.Flag {
	f := cmd.Flags().Lookup(s.flag)
	if f == nil || !slices.Contains(f.Annotations[settingKey], s.key) {
		return nil
	}
	return f
}

// addFlags gives a command a flag for each of the keys.
func addFlags(flags *pflag.FlagSet, groups ...[]string) {
	keys := slices.Concat(groups...)
	for _, s := range settings() {
		if !slices.Contains(keys, s.key) {
			continue
		}
		switch s.kind.Kind() {
		case reflect.Slice:
			flags.StringSlice(s.flag, nil, s.usage)
		case reflect.Int64:
			flags.Int64(s.flag, 0, s.usage)
		case reflect.Float64:
			flags.Float64(s.flag, 0, s.usage)
		case reflect.String:
			flags.String(s.flag, "", s.usage)
		case reflect.Int:
			if s.kind == reflect.TypeFor[configs.ImageCount]() {
				flags.String(s.flag, "", s.usage)
			} else {
				flags.Int(s.flag, 0, s.usage)
			}
		}
		flags.Lookup(s.flag).Annotations = map[string][]string{settingKey: {s.key}}
	}
}

// loadRun reads a run: flags win over VITDSE_* variables, these over the file, and the
// file over the defaults. The file's paths are relative to the file, those of flags
// and variables to the working directory.
func loadRun(cmd *cobra.Command, file string) (configs.Run, error) {
	run, err := configs.LoadRun(file)
	if err != nil {
		return configs.Run{}, err
	}
	return override(cmd, run)
}

// runOrBare reads a run, or without a file makes one of which only the settings count:
// its paths are there because a run must have them.
func runOrBare(cmd *cobra.Command, file string) (configs.Run, error) {
	if file != "" {
		return loadRun(cmd, file)
	}
	run := configs.DefaultRun()
	run.Model, run.Checkpoint, run.Dataset, run.Space, run.Out = "-", "-", "-", "-", "-"
	return override(cmd, run)
}

// override lays variables and flags over a run.
func override(cmd *cobra.Command, run configs.Run) (configs.Run, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	layer := map[string]any{}
	if err := mapstructure.Decode(run, &layer); err != nil {
		return configs.Run{}, err
	}
	if err := v.MergeConfigMap(layer); err != nil {
		return configs.Run{}, err
	}
	list := settings()
	for _, s := range list {
		if err := v.BindEnv(s.key, s.env); err != nil {
			return configs.Run{}, err
		}
		if f := flagOf(cmd, s); f != nil {
			if err := v.BindPFlag(s.key, f); err != nil {
				return configs.Run{}, err
			}
		}
	}
	var merged configs.Run
	hook := viper.DecodeHook(mapstructure.ComposeDecodeHookFunc(
		mapstructure.TextUnmarshallerHookFunc(), mapstructure.StringToSliceHookFunc(",")))
	if err := v.UnmarshalExact(&merged, hook); err != nil {
		return configs.Run{}, place(cmd, list, v.Get, err)
	}
	return merged, place(cmd, list, v.Get, merged.Validate())
}

// place says of each fault which flag or variable the value came from; get gives the
// values that were decoded.
func place(cmd *cobra.Command, list []setting, get func(key string) any, err error) error {
	if err == nil {
		return nil
	}
	var placed []error
	for _, e := range leaves(err) {
		key, msg := "", e.Error()
		var fault *configs.KeyError
		var decode *mapstructure.DecodeError
		switch {
		case errors.As(e, &fault):
			key, msg = fault.Key, fault.Msg
		case errors.As(e, &decode):
			key = decode.Name()
			if s, ok := find(list, key); ok {
				msg = fmt.Sprintf("is %q; expected %s", fmt.Sprint(get(s.key)), s.expected())
			}
		}
		placed = append(placed, fmt.Errorf("%s: %s", source(cmd, list, key), msg))
	}
	return errors.Join(placed...)
}

// find is the setting of a dotted key.
func find(list []setting, key string) (setting, bool) {
	name, _, _ := strings.Cut(key, "[")
	i := slices.IndexFunc(list, func(s setting) bool { return strings.ReplaceAll(s.key, delimiter, ".") == name })
	if i < 0 {
		return setting{}, false
	}
	return list[i], true
}

// expected says what a setting takes.
func (s setting) expected() string {
	switch {
	case s.kind == reflect.TypeFor[configs.ImageCount]():
		return "all, or a number of images"
	case s.kind.Kind() == reflect.Float64:
		return "a number"
	case s.kind.Kind() == reflect.Int || s.kind.Kind() == reflect.Int64:
		return "an integer"
	}
	return "a text"
}

// source names where the value of a dotted key comes from.
func source(cmd *cobra.Command, list []setting, key string) string {
	s, ok := find(list, key)
	if !ok {
		return key
	}
	if f := flagOf(cmd, s); f != nil && f.Changed {
		return "--" + s.flag
	}
	if os.Getenv(s.env) != "" {
		return s.env
	}
	return key
}

// leaves lists the errors inside joined and wrapped ones.
func leaves(err error) []error {
	switch e := err.(type) {
	case *mapstructure.DecodeError, *configs.KeyError:
		return []error{err}
	case interface{ Unwrap() []error }:
		var all []error
		for _, inner := range e.Unwrap() {
			all = append(all, leaves(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return leaves(inner)
		}
	}
	return []error{err}
}

// strayVariables lists VITDSE_ variables that no command reads: most likely misspelt.
func strayVariables() []string {
	known := map[string]bool{"VITDSE_LOG_LEVEL": true, "VITDSE_LOG_JSON": true}
	for _, s := range settings() {
		known[s.env] = true
	}
	var stray []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "VITDSE_") && !known[name] {
			stray = append(stray, name)
		}
	}
	slices.Sort(stray)
	return stray
}

// limitFlags lists the flags that limit design points.
func limitFlags() []string {
	var list []string
	for _, s := range settings() {
		if slices.Contains(searchKeys, s.key) && strings.HasPrefix(s.key, "limits") {
			list = append(list, "--"+s.flag)
		}
	}
	return append(list, "--max-loss-db", "--min-sqnr-db")
}
