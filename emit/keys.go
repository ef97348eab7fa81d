package emit

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// keyed is a configuration as manifest.json writes it: with the keys that its YAML file has, lower case and with their
// units.
type keyed[T any] struct{ value T }

func (k keyed[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := encodeKeyed(&b, reflect.ValueOf(k.value))
	return b.Bytes(), err
}

func (k *keyed[T]) UnmarshalJSON(data []byte) error {
	return decodeKeyed(data, reflect.ValueOf(&k.value).Elem())
}

// keyOf is a field's key, and whether it is left out where the value is empty. What no YAML file holds has its name
// in lower case.
func keyOf(f reflect.StructField) (key string, omit bool) {
	key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if key == "" || key == "-" {
		return strings.ToLower(f.Name), true
	}
	return key, slices.Contains(strings.Split(options, ","), "omitempty")
}

var textual = reflect.TypeFor[encoding.TextMarshaler]()

func encodeKeyed(b *bytes.Buffer, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Struct && !v.Type().Implements(textual):
		b.WriteByte('{')
		first := true
		for i := range v.NumField() {
			key, omit := keyOf(v.Type().Field(i))
			if omit && v.Field(i).IsZero() {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			fmt.Fprintf(b, "%q:", key)
			if err := encodeKeyed(b, v.Field(i)); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && !v.IsNil():
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := encodeKeyed(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	text, err := json.Marshal(v.Interface())
	b.Write(text)
	return err
}

func decodeKeyed(data []byte, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Struct && !v.Type().Implements(textual):
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(data, &fields); err != nil {
			return err
		}
		for i := range v.NumField() {
			key, _ := keyOf(v.Type().Field(i))
			if text, ok := fields[key]; ok {
				if err := decodeKeyed(text, v.Field(i)); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
				delete(fields, key)
			}
		}
		for key := range fields {
			return fmt.Errorf("unknown key %q", key)
		}
		return nil
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil || list == nil {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, text := range list {
			if err := decodeKeyed(text, v.Index(i)); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
	return json.Unmarshal(data, v.Addr().Interface())
}
