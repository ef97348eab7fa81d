package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/emit"
)

// VerifiedFile is where a verification leaves what it found, in the emitted folder.
const VerifiedFile = "verified.json"

// keepVerdicts writes what was found beside what it was found of.
func keepVerdicts(dir string, outs []*outcome) error {
	var list []page.Verdict
	for _, o := range outs {
		list = append(list, o.kept())
	}
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, VerifiedFile), append(text, '\n'))
}

// kept is the outcome as a page has it.
func (o *outcome) kept() page.Verdict {
	r := o.report
	v := page.Verdict{Design: configs.ShortHash(r.Hash), Target: string(r.Target), Words: o.verdict(), OK: o.holds(), Memory: memoryWords(o.opt),
		Images: r.FullImages, Logits: r.LogitImages, Elements: r.Elements(), Mismatches: r.LogitMismatches, Predicted: r.PredictedCycles, Measured: r.MeasuredCycles}
	for _, op := range r.Ops {
		x := page.VerdictOp{Name: op.Name, Elements: op.Elements, Compared: op.Compared, Mismatches: op.Mismatches, Predicted: op.Predicted, Measured: op.Measured, MACs: op.MACs}
		if r.Target != configs.TargetHLS {
			x.Spent = op.Spent[:]
		}
		v.Mismatches += op.Mismatches
		v.Ops = append(v.Ops, x)
	}
	return v
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
