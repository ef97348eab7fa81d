package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"vitdse/cmd/vitdse/estimates"
	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/synth"
)

// SynthesizedFile is where a synthesis leaves what it found, in the emitted folder.
const SynthesizedFile = "synthesized.json"

// keepSynthesis writes what was found beside what it was found of.
func keepSynthesis(dir string, r *synth.Report) error {
	text, err := json.MarshalIndent(estimates.PageOf(r), "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, SynthesizedFile), append(text, '\n'))
}

// loadSynthesis reads what the last synthesis of a folder found; nil if there was none, or if the folder
// has been emitted anew since.
func loadSynthesis(dir string) (*page.Synthesis, error) {
	file := filepath.Join(dir, SynthesizedFile)
	text, err := configs.ReadRegular(file, configs.MaxReadBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s page.Synthesis
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s: is not what synth writes: %w; synthesize the folder again", file, err)
	}
	manifest, err := emit.LoadManifest(dir)
	if err != nil || s.Design != configs.ShortHash(manifest.Hash) {
		return nil, err
	}
	return &s, nil
}
