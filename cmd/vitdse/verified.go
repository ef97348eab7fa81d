package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/verdicts"
	"vitdse/configs"
	"vitdse/emit"
)

// VerifiedFile is where a verification leaves what it found, in the emitted folder.
const VerifiedFile = "verified.json"

// keepVerdicts writes what was found beside what it was found of.
func keepVerdicts(dir string, outs []*verdicts.Outcome) error {
	var list []page.Verdict
	for _, o := range outs {
		list = append(list, o.Kept())
	}
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, VerifiedFile), append(text, '\n'))
}

// loadVerdicts reads what the last verification of a folder found; none if there was none, or if the
// folder has been emitted anew since.
func loadVerdicts(dir string) ([]page.Verdict, error) {
	file := filepath.Join(dir, VerifiedFile)
	text, err := configs.ReadRegular(file, configs.MaxReadBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []page.Verdict
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: is not what verify writes: %w; verify the folder again", file, err)
	}
	manifest, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if v.Design != configs.ShortHash(manifest.Hash) {
			return nil, nil
		}
	}
	return list, nil
}
