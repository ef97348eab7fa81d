package dse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vitdse/configs"
)

// Names of the files of a run directory, beside JournalFile.
const (
	FrontJSON = "front.json" // all of a Front
	FrontCSV  = "front.csv"  // its points
)

// Write writes front.json and front.csv to a run directory, each whole or not at all.
func (f *Front) Write(dir string) error {
	text, err := f.JSON(f.Points)
	if err != nil {
		return err
	}
	return errors.Join(configs.WriteFile(filepath.Join(dir, FrontJSON), text), configs.WriteFile(filepath.Join(dir, FrontCSV), f.CSV(f.Points)))
}

// LoadFront reads the front of a run directory, or a front.json by its name.
func LoadFront(path string) (*Front, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, FrontJSON)
	}
	text, err := configs.ReadRegular(path, configs.MaxReadBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; explore a space first, or give the run directory of one that was explored", err)
	}
	if err != nil {
		return nil, err
	}
	f := new(Front)
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: is no front of a sweep: %w", path, err)
	}
	if f.Schema != frontSchema {
		return nil, fmt.Errorf("%s: has schema %d, this version reads %d; explore again with this version", path, f.Schema, frontSchema)
	}
	for _, p := range f.Points {
		if len(p.Costs) != len(f.Objectives) || len(f.Objectives) > maxObjectives {
			return nil, fmt.Errorf("%s: point %s has %d costs for %d objectives; the file is damaged", path, p.Name, len(p.Costs), len(f.Objectives))
		}
		if len(p.Choice) != len(f.Axes) {
			return nil, fmt.Errorf("%s: point %s has %d choices for %d axes; the file is damaged", path, p.Name, len(p.Choice), len(f.Axes))
		}
	}
	return f, nil
}
