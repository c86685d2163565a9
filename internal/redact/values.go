package redact

import (
	"reflect"
	"strings"
)

// Values passes every string that a value holds through Value, in place: fields, elements, and what
// pointers lead to. Keys of maps stay as they are.
func (s *Secrets) Values(pointer any) {
	var found []reflect.Value
	collectStrings(reflect.ValueOf(pointer), &found)
	var all strings.Builder
	for _, text := range found {
		all.WriteString(text.String())
		all.WriteByte('\n')
	}
	held := s.Holds([]byte(all.String())) // once for all of them, since there is hardly ever one
	for _, text := range found {
		value := text.String()
		if held {
			text.SetString(s.Value(value))
		} else {
			text.SetString(truncateText(escapeHidden(value), MaxRunes))
		}
	}
}

// collectStrings gathers the strings that can be set.
func collectStrings(v reflect.Value, found *[]reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectStrings(v.Elem(), found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectStrings(v.Field(i), found)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collectStrings(v.Index(i), found)
		}
	case reflect.String:
		if v.CanSet() && v.Len() > 0 {
			*found = append(*found, v)
		}
	}
}
