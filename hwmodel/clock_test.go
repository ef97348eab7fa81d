package hwmodel

import (
	"strings"
	"testing"

	"vitdse/configs"
)

// A speed grade that is not known is an error that lists those that are; a family without delays has none.
func TestSpeedGrade(t *testing.T) {
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		t.Fatal(err)
	}
	if name, share, err := SpeedGrade(part); name != "1" || share != 1 || err != nil {
		t.Errorf("%s: grade %q, share %g, %v; expected -1", part.Device, name, share, err)
	}
	part.Device = "xc7z020clg400-7"
	if _, _, err := SpeedGrade(part); err == nil ||
		!strings.Contains(err.Error(), `"xc7z020clg400-7" ends in no known speed grade; known for xc7: -1, -2, -3`) {
		t.Errorf("error %v", err)
	}
	part.Family, part.Device = configs.ECP5, "LFE5U-85F-6BG381C"
	if name, _, err := SpeedGrade(part); name != "6" || err != nil {
		t.Errorf("%s: grade %q, %v; expected 6", part.Device, name, err)
	}
	part.Device = "LFE5UM5G-85F-9BG381C"
	if _, _, err := SpeedGrade(part); err == nil || !strings.Contains(err.Error(), "known for ecp5: -6") {
		t.Errorf("error %v", err)
	}
	part.Family = configs.ICE40
	if _, _, err := SpeedGrade(part); err == nil ||
		!strings.Contains(err.Error(), "no delays of family ice40; its clock stays assumed") {
		t.Errorf("error %v", err)
	}
}
