package front

import (
	"errors"
	"path/filepath"

	"vitdse/configs"
)

// Names of the files of a run directory, beside JournalFile.
const (
	JSONFile = "front.json" // all of a Front
	CSVFile  = "front.csv"  // its points
)

// Write writes front.json and front.csv to a run directory, each whole or not at all.
func (f *Front) Write(dir string) error {
	text, err := f.JSON(f.Points)
	if err != nil {
		return err
	}
	return errors.Join(configs.WriteFile(filepath.Join(dir, JSONFile), text),
		configs.WriteFile(filepath.Join(dir, CSVFile), f.CSV(f.Points)))
}
